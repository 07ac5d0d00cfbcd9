// Package effects says what a change of a resource means in AWS, where the change alone doesn't
// tell. For example, an account that is created can never be deleted, and deleting a user deletes
// the user's MFA devices. Previews, comments on pull requests and the table in docs/changes.md all
// use Of.
//
//	for _, effect := range effects.Of(effects.Change{Type: "aws:iam/user:User", Operation: "delete", Name: "ada"}) {
//		fmt.Println(effect.Weight, effect.Says) // final Users are deleted, …
//	}
package effects

import (
	"slices"
	"strings"
)

// Weight says how much an effect matters to the person who decides about a change.
type Weight string

// The weights, the gravest first.
const (
	// Final effects can't be undone, or lose something that only AWS or a person has.
	Final Weight = "final"
	// Refused effects stop the update.
	Refused Weight = "refused"
	// Notable effects can be undone, but a person may not expect them.
	Notable Weight = "notable"
)

// Effect is what a change means.
type Effect struct {
	Weight Weight
	// Says is one or two sentences about all resources of the kind.
	Says string
}

// Change is what an update does to one resource.
type Change struct {
	// Type is the resource's type token, such as aws:iam/user:User.
	Type string
	// Operation is Pulumi's operation: create, update, replace, delete, import; or retain for a
	// resource that leaves the state and stays in AWS.
	Operation string
	// Name is the resource's name in Pulumi, and ID its id in AWS.
	Name, ID string
	// Protected says that Pulumi refuses to delete the resource.
	Protected bool
	// Properties are the properties that differ, and all properties of a new resource.
	Properties []Property
}

// Property is an input of a resource, or a part of an input, that differs.
type Property struct {
	// Path is the path of the property, such as rules[0].expiration.days.
	Path string
	// Old and New are JSON values; nil if there is none.
	Old, New any
}

// Kind is a row of the table: changes with the same meaning.
type Kind struct {
	Effect
	// Types are type tokens; empty for all types.
	Types []string
	// Operations are Pulumi's operations.
	Operations []string
	// Where says in words which of these changes the row is about; empty for all.
	Where string
	when  func(Change) bool // nil for all
}

// Of returns what a change means, the gravest effect first. It returns nothing for a change that
// needs no explanation.
func Of(c Change) []Effect {
	var found []Effect
	for _, kind := range explainedKinds {
		if kind.of(c) && !slices.Contains(found, kind.Effect) {
			found = append(found, kind.Effect)
		}
	}
	// Pulumi refuses the change, so nothing is lost.
	if c.Protected && lost(c) {
		found = []Effect{protectedDeletion.Effect}
	}
	return found
}

// Kinds returns all rows of the table, the gravest kinds first.
func Kinds() []Kind { return append(slices.Clone(explainedKinds), protectedDeletion) }

// Order returns the place of an effect in the table.
func Order(e Effect) int {
	return slices.IndexFunc(Kinds(), func(k Kind) bool { return k.Effect == e })
}

func (k Kind) of(c Change) bool {
	return (len(k.Types) == 0 || slices.Contains(k.Types, c.Type)) && slices.Contains(k.Operations, c.Operation) && (k.when == nil || k.when(c))
}

func lost(c Change) bool { return slices.Contains(losingOperations, c.Operation) }

// anyProperty returns a function that reports whether any differing property fulfils is.
func anyProperty(is func(Property) bool) func(Change) bool {
	return func(c Change) bool { return slices.ContainsFunc(c.Properties, is) }
}

// within reports whether the property is the named one or a part of it.
func (p Property) within(name string) bool {
	rest, ok := strings.CutPrefix(p.Path, name)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// number returns a JSON value as a number; ok is false if it isn't a number.
func number(v any) (n float64, ok bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}
