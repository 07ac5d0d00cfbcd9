// Package pullrequest words a preview for those who review a pull request: one
// text of Markdown about all stacks, with what can't be undone first. The same
// changes make the same text, whoever runs the preview and whenever.
//
//	preview := &pullrequest.Preview{Result: result, Declared: org, Base: base}
//	comment := preview.Markdown(pullrequest.CommentLimit)
package pullrequest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/organization"
)

// How long texts may be, in bytes: GitHub counts characters, of which there are
// never more.
const (
	// CommentLimit is for a comment: GitHub's is 65,536.
	CommentLimit = 65_000
	// SummaryLimit is for the summary of a job's step: GitHub's is 1 MiB.
	// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
	SummaryLimit = 1_000_000
)

// Preview is what a pull request would do.
type Preview struct {
	// Result is what was previewed.
	Result *automation.Result
	// Declared is what the pull request declares.
	Declared *organization.Organization
	// Base is what the branch declares that it is to be merged into; nil if it
	// isn't known, or has a problem.
	Base        *organization.Organization
	BaseProblem string
	// Diff lists all properties of new resources.
	Diff bool
}

// Marker is the line by which a comment about an organization is found again.
func Marker(namespace string) string {
	return fmt.Sprintf("<!-- coldstart preview: %s -->", namespace)
}

// Markdown returns the text, of no more bytes than the limit. Warnings and the
// table are always in it; of the rest, what is graver is kept.
func (p *Preview) Markdown(limit int) string {
	var head strings.Builder
	fmt.Fprintf(&head, "%s\n### coldstart preview: %s\n\n", Marker(p.Declared.Namespace), p.headline())
	head.WriteString(p.warnings(limit))
	head.WriteString(p.access())
	head.WriteString(p.table())
	return head.String() + p.details(limit-head.Len()-len(footnote)) + footnote
}

// footnote explains what would be asked.
const footnote = "<sub>Counts include components and providers, which aren't listed. " + automation.Unknown +
	" is what only AWS can tell, when it is made; " + automation.Secret + " is never shown.</sub>\n"

// headline says it all in one line.
func (p *Preview) headline() string {
	failed, changed := 0, 0
	for _, s := range p.Result.Stacks {
		switch {
		case s.Status == automation.StatusFailed || s.Status == automation.StatusSkipped:
			failed++
		case s.Changes.Changed() > 0:
			changed++
		}
	}
	all := p.Result.Changes()
	delete(all, "same")
	var parts []string
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("❌ **%s could not be previewed**", count(failed, "stack")))
	}
	switch {
	case changed > 0:
		parts = append(parts, fmt.Sprintf("%s in %s", all, count(changed, "stack")))
	case failed == 0:
		parts = append(parts, "no changes")
	}
	return strings.Join(parts, "; ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// columns of the table, by Pulumi's names, and the one that it has if anything is taken
// out of the state that stays in AWS.
var (
	changeColumns = []string{"create", "update", "replace", "delete", "import", "same"}
	staysColumn   = "retain"
)

// columnTitles are the columns' where they don't have Pulumi's names.
var columnTitles = map[string]string{staysColumn: "stays in AWS"}

// maxRows is how many stacks the table names.
const maxRows = 300

// table returns a line for each stack that changes or failed, and one for the
// others.
func (p *Preview) table() string {
	var b strings.Builder
	columns := changeColumns
	if p.Result.Changes()[staysColumn] > 0 {
		columns = slices.Insert(slices.Clone(columns), len(columns)-1, staysColumn)
	}
	row := func(first, last string, cell func(column string) string) {
		fmt.Fprintf(&b, "| %s |", first)
		for _, column := range columns {
			fmt.Fprintf(&b, " %s |", cell(column))
		}
		fmt.Fprintf(&b, " %s |\n", last)
	}
	row("stack", "status", func(column string) string { return cmp.Or(columnTitles[column], column) })
	fmt.Fprintf(&b, "|:--|%s:--|\n", strings.Repeat("--:|", len(columns)))
	rest, same, more := 0, 0, 0
	rows := 0
	for _, s := range byGravity(p.Result.Stacks) {
		switch {
		case s.Status == automation.StatusSucceeded && s.Changes.Changed() == 0:
			rest++
			same += s.Changes["same"]
			continue
		case rows == maxRows:
			more++
			continue
		}
		rows++
		row(code(s.Stack), statusTexts[s.Status], func(column string) string { return number(s.Changes[column]) })
	}
	if more > 0 {
		row(count(more, "stack")+" more with changes", "see the job's log", func(string) string { return "" })
	}
	if rest > 0 {
		row(count(rest, "stack")+" without changes", "ok", func(column string) string {
			if column == "same" {
				return fmt.Sprint(same)
			}
			return ""
		})
	}
	return b.String() + "\n"
}

// number writes a number that isn't 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

var statusTexts = map[automation.Status]string{
	automation.StatusSucceeded: "ok",
	automation.StatusFailed:    "❌ failed",
	automation.StatusSkipped:   "❌ skipped",
	automation.StatusAbsent:    "doesn't exist",
}

// byGravity returns stacks with those that failed first, then those with more to
// lose; in their own order otherwise.
func byGravity(stacks []automation.StackResult) []automation.StackResult {
	stacks = slices.Clone(stacks)
	slices.SortStableFunc(stacks, func(a, b automation.StackResult) int { return gravity(a) - gravity(b) })
	return stacks
}

func gravity(s automation.StackResult) int {
	if s.Status != automation.StatusSucceeded {
		return -1
	}
	gravest := changes.Gravity("create")
	for _, step := range s.Steps {
		gravest = min(gravest, changes.Gravity(step.Operation))
	}
	return gravest
}

// maxAccess is how many lines are shown of what differs in the access matrix.
const maxAccess = 60

// unfoldedLines is how many lines of it stand open.
const unfoldedLines = 16

// access returns what differs in the access matrix.
func (p *Preview) access() string {
	switch {
	case p.BaseProblem != "":
		return "**Access** wasn't compared, because the base branch's declaration has problems:\n\n" + fenced("text", cut(p.BaseProblem, 3000))
	case p.Base == nil:
		return "**Access** wasn't compared with the base branch's declaration (" + code("--base") + ").\n\n"
	}
	diff := organization.CompareReach(p.Base.Reach(), p.Declared.Reach())
	if diff.Len() == 0 {
		return "**Access**: everybody reaches just what they did.\n\n"
	}
	open := ""
	if diff.Len() <= unfoldedLines {
		open = " open"
	}
	return fmt.Sprintf("<details%s><summary><b>Access</b>: %d added, %d changed, %d removed</summary>\n\n%s</details>\n\n",
		open, len(diff.Added), len(diff.Changed), len(diff.Removed), Access(diff))
}

// cut returns the beginning of a text that may be too long.
func cut(text string, enough int) string {
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "") + "…"
}

// Access returns what differs between two access matrices as a block that shows
// it in colour.
func Access(diff organization.ReachDiff) string {
	lines := changes.Reach(diff)
	left := len(lines) - maxAccess
	if left > 0 {
		lines = lines[:maxAccess]
	}
	var texts []string
	for _, l := range lines {
		texts = append(texts, string(l.Sign)+" "+l.Text)
	}
	if left > 0 {
		texts = append(texts, fmt.Sprintf("# %d lines more: coldstart access --base FILE", left))
	}
	return fenced("diff", strings.Join(texts, "\n"))
}
