// Package effects says what a change of a resource means in AWS, where the change alone
// doesn't tell: an account that is created can never be deleted, a user that is deleted
// takes an MFA device with it. Of is the one place that knows: previews, comments on pull
// requests and the table in docs/changes.md ask it.
//
//	for _, effect := range effects.Of(effects.Change{Type: "aws:iam/user:User", Operation: "delete", Name: "ada"}) {
//		fmt.Println(effect.Weight, effect.Says) // final Users are deleted, …
//	}
package effects

import (
	"slices"
	"strings"
)

// Weight is how much an effect matters to whoever decides about a change.
type Weight string

// The weights, the gravest first.
const (
	// Final: AWS can't undo it, or what is lost only AWS or a person has.
	Final Weight = "final"
	// Refused: an update stops there.
	Refused Weight = "refused"
	// Notable: it can be undone, and a person may not expect it.
	Notable Weight = "notable"
)

// Effect is what a change means.
type Effect struct {
	Weight Weight
	// Says is one sentence or two about all resources of the kind.
	Says string
}

// Change is what an update does to one resource.
type Change struct {
	// Type is Pulumi's: aws:iam/user:User.
	Type string
	// Operation is Pulumi's word: create, update, replace, delete, import; or retain for a
	// resource that leaves the state and stays in AWS.
	Operation string
	// Name is the resource's in Pulumi, ID what AWS knows the resource by.
	Name, ID string
	// Protected says that Pulumi refuses to delete the resource.
	Protected bool
	// Properties are what differs; of a new resource all properties.
	Properties []Property
}

// Property is a part of a resource's inputs that differs.
type Property struct {
	// Path is where the part is: rules[0].expiration.days.
	Path string
	// Old and New are JSON values; nil for none.
	Old, New any
}

// Kind is a line of the table: changes that mean the same.
type Kind struct {
	Effect
	// Types are Pulumi's; empty for all.
	Types []string
	// Operations are Pulumi's words.
	Operations []string
	// Where says in words which of these changes are meant; empty for all.
	Where string
	when  func(Change) bool // nil for all
}

// Of returns what a change means, the gravest first; nothing for a change that says all
// by itself.
func Of(c Change) []Effect {
	var found []Effect
	for _, kind := range table {
		if kind.of(c) && !slices.Contains(found, kind.Effect) {
			found = append(found, kind.Effect)
		}
	}
	// A loss that doesn't come about isn't worth a word.
	if c.Protected && lost(c) {
		found = []Effect{protected.Effect}
	}
	return found
}

// Kinds returns the whole table, the gravest kinds first.
func Kinds() []Kind { return append(slices.Clone(table), protected) }

// Order returns where an effect is in the table.
func Order(e Effect) int {
	return slices.IndexFunc(Kinds(), func(k Kind) bool { return k.Effect == e })
}

func (k Kind) of(c Change) bool {
	return (len(k.Types) == 0 || slices.Contains(k.Types, c.Type)) && slices.Contains(k.Operations, c.Operation) && (k.when == nil || k.when(c))
}

func lost(c Change) bool { return slices.Contains(losses, c.Operation) }

// anyProperty returns what reports whether any property that differs is as said.
func anyProperty(is func(Property) bool) func(Change) bool {
	return func(c Change) bool { return slices.ContainsFunc(c.Properties, is) }
}

// within reports whether the property is, or is in, the one that is named.
func (p Property) within(name string) bool {
	rest, ok := strings.CutPrefix(p.Path, name)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// number returns a JSON value as a number; ok is false if it is none.
func number(v any) (n float64, ok bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}
