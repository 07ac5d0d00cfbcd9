// Package changes turns the steps of a preview or an update into lines of text, for a terminal and
// for a Markdown block that colours differences. It decides which steps come first, which are
// shown, and how long values are shortened.
//
//	for _, step := range changes.Steps(stack) {
//		for _, line := range changes.Diff(step, false) {
//			fmt.Println(line.Sign, line.Text)
//		}
//	}
package changes

import (
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// Sign says whether a line shows something new, deleted, updated or unchanged.
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

// operationSymbols are Pulumi's symbols for the operations, except that a replacement begins
// with the minus.
var operationSymbols = map[string]string{
	"create": "+", "update": "~", "delete": "-", "replace": "-+", "import": "=", "discard": "<", "retain": "<", "remove-pending-replace": "~",
}

// Symbol returns the one or two characters for an operation.
func Symbol(operation string) string {
	if symbol, ok := operationSymbols[operation]; ok {
		return symbol
	}
	return "?"
}

// Left says what happens to a resource that leaves the state without being deleted; empty for any
// other step.
func Left(step automation.Step) string {
	if step.Operation != "retain" {
		return ""
	}
	return " (" + Visible(step.ID) + ") stays in AWS"
}

// Gravity orders operations by how much can be lost; 0 is the gravest.
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

// Steps returns the steps of a stack to show, deletions and replacements first. It leaves out
// components, which only group other resources, and new providers.
func Steps(s *automation.StackResult) []automation.Step {
	steps := slices.DeleteFunc(slices.Clone(s.Steps), func(step automation.Step) bool {
		return Groups(step.Resource) ||
			strings.HasPrefix(step.Type, "pulumi:providers:") && step.Operation == "create"
	})
	// The order in which Pulumi reaches resources differs from run to run.
	slices.SortStableFunc(steps, func(a, b automation.Step) int {
		if d := Gravity(a.Operation) - Gravity(b.Operation); d != 0 {
			return d
		}
		return strings.Compare(Type(a.Type)+" "+a.Name, Type(b.Type)+" "+b.Name)
	})
	return steps
}

// StackType is the type of the resource that Pulumi creates for the stack itself.
const StackType = "pulumi:pulumi:Stack"

// Groups reports whether a resource only groups others.
func Groups(r automation.Resource) bool {
	return strings.HasPrefix(r.Type, "coldstart:") || r.Type == StackType
}

// CreatesAccount reports whether a step on a resource creates an account.
func CreatesAccount(r automation.Resource) bool {
	return r.Type == awstype.OrganizationsAccount && r.Operation == "create"
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

// Diff returns the lines about a step's properties. It leaves out the properties of a new resource
// unless all is set.
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

// vague reports whether a difference says only that something differs. The provider reports sets
// item by item, by numbers without a meaning.
func vague(d automation.PropertyDiff) bool {
	return (d.Old == nil || d.Old == automation.Unknown) && (d.New == nil || d.New == automation.Unknown)
}

// top returns the top-level property of a path.
func top(path string) string {
	if end := strings.IndexAny(path, ".["); end > 0 {
		return path[:end]
	}
	return path
}
