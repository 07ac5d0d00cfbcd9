// Package pullrequest writes a preview as Markdown for the reviewers of a pull request: one text
// about all stacks, which begins with what can't be undone. The same changes always make the same
// text.
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
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// Limits for texts, in bytes. GitHub counts characters, and a text never has more characters than
// bytes.
const (
	// CommentLimit is the limit of a comment. GitHub allows 65,536 characters.
	CommentLimit = 65_000
	// SummaryLimit is the limit of the summary of a job's step. GitHub allows 1 MiB.
	// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
	SummaryLimit = 1_000_000
)

// Preview is the preview of a pull request.
type Preview struct {
	// Result is the result of the preview.
	Result *automation.Result
	// Declared is the declaration of the pull request.
	Declared *organization.Organization
	// Base is the declaration of the base branch; nil if it isn't known, or has a problem.
	Base        *organization.Organization
	BaseProblem string
	// Answers are what the pull request's policies open and close.
	Answers []permissions.Change
	// LockedOut are the people whom the pull request locks out.
	LockedOut []permissions.Lockout
	// Diff lists all properties of new resources.
	Diff bool
}

// Marker returns the first line of comments about an organization, by which Comment finds them
// again.
func Marker(namespace string) string {
	return fmt.Sprintf("<!-- coldstart preview: %s -->", namespace)
}

// Markdown returns the text, with no more bytes than the limit. The text always has the warnings
// and the table. If the rest is too long, the text keeps the graver changes.
func (p *Preview) Markdown(limit int) string {
	var head strings.Builder
	fmt.Fprintf(&head, "%s\n### coldstart preview: %s\n\n", Marker(p.Declared.Namespace), p.headline())
	head.WriteString(p.warnings(limit))
	head.WriteString(p.lockouts())
	head.WriteString(p.access())
	head.WriteString(p.answers())
	head.WriteString(p.table())
	return head.String() + p.details(limit-head.Len()-len(footnote)) + footnote
}

// NotRun returns the text of a preview that couldn't begin, such as one whose declaration doesn't meet what it
// expects.
func NotRun(namespace string, err error) string {
	const enough = 30_000
	return Marker(namespace) + "\n### coldstart preview: ❌ **nothing was run**\n\n" + fenced("text", cut(err.Error(), enough))
}

// footnote answers questions that reviewers may have about the text.
const footnote = "<sub>Counts include components and providers, which aren't listed. " + automation.Unknown +
	" is what only AWS can tell, when it is made; " + automation.Secret + " is never shown.</sub>\n"

// headline summarises the preview in one line.
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
		parts = append(parts, fmt.Sprintf("❌ **%s could not be previewed**", changes.Count(failed, "stack")))
	}
	switch {
	case changed > 0:
		parts = append(parts, fmt.Sprintf("%s in %s", all, changes.Count(changed, "stack")))
	case failed == 0:
		parts = append(parts, "no changes")
	}
	return strings.Join(parts, "; ")
}

// columns are the columns of the table, by Pulumi's operations. The table has the column stays only
// if a resource leaves the state and stays in AWS.
var (
	changeColumns = []string{"create", "update", "replace", "delete", "import", "same"}
	staysColumn   = "retain"
)

// columnTitles are the titles of columns that aren't titled by the operation.
var columnTitles = map[string]string{staysColumn: "stays in AWS"}

// maxRows is the maximum number of stacks in the table.
const maxRows = 300

// table returns a row for each stack that changes or failed, and one row for all others.
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
		row(changes.Count(more, "stack")+" more with changes", "see the job's log", func(string) string { return "" })
	}
	if rest > 0 {
		row(changes.Count(rest, "stack")+" without changes", "ok", func(column string) string {
			if column == "same" {
				return fmt.Sprint(same)
			}
			return ""
		})
	}
	return b.String() + "\n"
}

// number returns a number as text, and "" for 0.
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

// byGravity sorts stacks: first those that failed, then those with more to lose. Otherwise it keeps
// their order.
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

// maxAccess is the maximum number of lines about differences in the access matrix.
const maxAccess = 60

// unfoldedLines is the maximum number of those lines that aren't folded.
const unfoldedLines = 16

// access returns the differences in the access matrix.
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
	return fmt.Sprintf("<details%s><summary><b>Access</b>: %s</summary>\n\n%s</details>\n\n", open, Counts(diff), Access(diff))
}

// Counts says how much differs between two access matrices.
func Counts(diff organization.ReachDiff) string {
	text := fmt.Sprintf("%d added, %d changed, %d removed", len(diff.Added), len(diff.Changed), len(diff.Removed))
	people := 0
	for _, m := range diff.Moved {
		people += len(m.Who)
	}
	switch {
	case people == 1:
		text += ", 1 person by other ways"
	case people > 1:
		text += fmt.Sprintf(", %d people by other ways", people)
	}
	return text
}

// lockouts returns who is locked out. Nothing is said if that is nobody.
func (p *Preview) lockouts() string {
	if len(p.LockedOut) == 0 {
		return ""
	}
	return "❌ **Locked out**: who is to come in, and can't any more\n\n" + Lockouts(p.LockedOut) + "\n"
}

// answers returns what the policies open and close. Nothing is said if that is nothing.
func (p *Preview) answers() string {
	if len(p.Answers) == 0 {
		return ""
	}
	open := ""
	if len(p.Answers) <= unfoldedLines {
		open = " open"
	}
	return fmt.Sprintf("<details%s><summary><b>Permissions</b>: what policies open (+) and close (-)</summary>\n\n%s</details>\n\n", open, Answers(p.Answers))
}

// cut returns the beginning of a text that is longer than enough.
func cut(text string, enough int) string {
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "") + "…"
}

// Access returns the differences between two access matrices as a block of code with colours.
func Access(diff organization.ReachDiff) string { return coloured(changes.Reach(diff)) }

// Answers returns what a change of policies opens and closes as a block of code with colours.
func Answers(all []permissions.Change) string { return coloured(changes.Answers(all)) }

// Lockouts returns who is locked out by a change as a block of code with colours.
func Lockouts(all []permissions.Lockout) string { return coloured(changes.Lockouts(all)) }

func coloured(lines []changes.Line) string {
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
