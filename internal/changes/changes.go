// Package changes words what a step changes, line by line: for a terminal, and
// for a block of Markdown that shows differences in colour. It decides what is
// worth showing first, what is shortened, and how.
package changes

import (
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/automation"
)

// Sign says what a line is about.
type Sign string

// The signs.
const (
	SignNone   Sign = " "
	SignAdd    Sign = "+"
	SignDelete Sign = "-"
	SignUpdate Sign = "~"
)

// Line is one line of a difference.
type Line struct {
	Sign Sign
	Text string
}

// symbols are Pulumi's for the operations, but that a replacement begins with
// what is lost.
var symbols = map[string]string{
	"create": "+", "update": "~", "delete": "-", "replace": "-+", "import": "=", "discard": "<", "retain": "<", "remove-pending-replace": "~",
}

// Symbol returns one or two characters for an operation.
func Symbol(operation string) string {
	if symbol, ok := symbols[operation]; ok {
		return symbol
	}
	return "?"
}

// Left says what becomes of a resource that leaves the state and isn't deleted; empty
// for any other.
func Left(step automation.Step) string {
	if step.Operation != "retain" {
		return ""
	}
	return " (" + Visible(step.ID) + ") stays in AWS"
}

// Gravity orders operations by how much there is to lose; 0 is the gravest.
func Gravity(operation string) int {
	switch operation {
	case "delete":
		return 0
	case "replace":
		return 1
	case "retain":
		return 2
	case "import":
		return 3
	case "update":
		return 4
	default:
		return 5
	}
}

// Steps returns the steps of a stack that are worth a line: deletions and
// replacements first, and none of what only groups others or makes them.
func Steps(s *automation.StackResult) []automation.Step {
	steps := slices.DeleteFunc(slices.Clone(s.Steps), func(step automation.Step) bool {
		return strings.HasPrefix(step.Type, "coldstart:") || step.Type == "pulumi:pulumi:Stack" ||
			strings.HasPrefix(step.Type, "pulumi:providers:") && step.Operation == "create"
	})
	// Pulumi comes to resources in an order that differs from run to run.
	slices.SortStableFunc(steps, func(a, b automation.Step) int {
		if d := Gravity(a.Operation) - Gravity(b.Operation); d != 0 {
			return d
		}
		return strings.Compare(Type(a.Type)+" "+a.Name, Type(b.Type)+" "+b.Name)
	})
	return steps
}

// Type returns route53.Record for aws:route53/record:Record.
func Type(t string) string {
	parts := strings.Split(t, ":")
	if len(parts) != 3 {
		return t
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return module + "." + parts[2]
}

// Diff returns the lines about a step's properties. Those of a new resource are
// left out unless all are asked for.
func Diff(step automation.Step, all bool) []Line {
	if step.Operation == "create" && !all {
		return nil
	}
	var lines []Line
	for _, d := range step.Diff {
		if !vague(d) || !slices.ContainsFunc(step.Diff, func(other automation.PropertyDiff) bool {
			return !vague(other) && top(other.Path) == top(d.Path)
		}) {
			lines = append(lines, property(d)...)
		}
	}
	return lines
}

// vague reports whether a difference says no more than that there is one. The
// provider tells of sets item by item, under numbers that mean nothing.
func vague(d automation.PropertyDiff) bool {
	return (d.Old == nil || d.Old == automation.Unknown) && (d.New == nil || d.New == automation.Unknown)
}

// top returns the property that a path leads into.
func top(path string) string {
	if end := strings.IndexAny(path, ".["); end > 0 {
		return path[:end]
	}
	return path
}
