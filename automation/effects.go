package automation

import (
	"slices"

	"github.com/coldstart-aws/coldstart/internal/effects"
)

// Weight is how much an effect matters to whoever decides about a change.
type Weight string

// The weights, the gravest first.
const (
	// EffectFinal: AWS can't undo it, or what is lost only AWS or a person has.
	EffectFinal = Weight(effects.Final)
	// EffectRefused: an update stops there.
	EffectRefused = Weight(effects.Refused)
	// EffectNotable: it can be undone, and a person may not expect it.
	EffectNotable = Weight(effects.Notable)
)

// Effect is what a step means in AWS, where the step doesn't tell: an account that is
// created can never be deleted.
type Effect struct {
	Weight Weight
	// Says is one sentence or two about all resources of the kind, always in the same words.
	Says string
	Step Step
}

// Effects returns what the stack's steps mean, in the order of the steps; nothing for steps
// that say all by themselves.
func (s *StackResult) Effects() []Effect {
	var found []Effect
	for _, step := range s.Steps {
		change := effects.Change{Type: step.Type, Operation: step.Operation, Name: step.Name, ID: step.ID, Protected: step.Protected}
		if step.Operation == "replace" && s.retains(step.URN) {
			change.Operation = "create" // What is replaced has a step of its own.
		}
		for _, d := range step.Diff {
			change.Properties = append(change.Properties, effects.Property{Path: d.Path, Old: d.Old, New: d.New})
		}
		for _, e := range effects.Of(change) {
			found = append(found, Effect{Weight: Weight(e.Weight), Says: e.Says, Step: step})
		}
	}
	return found
}

// retains reports whether the stack lets go of a resource without deleting it.
func (s *StackResult) retains(urn string) bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool { return step.URN == urn && step.Operation == string(opRetain) })
}
