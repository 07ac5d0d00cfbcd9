package pullrequest

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
)

// details returns a section for each stack that changes or failed. If the sections don't fit, new
// resources are only counted. If they still don't fit, the gravest changes are kept, and the others
// are counted.
func (p *Preview) details(room int) string {
	stacks := slices.DeleteFunc(byGravity(p.Result.Stacks), func(s automation.StackResult) bool {
		return s.Status == automation.StatusSucceeded && s.Changes.Changed() == 0
	})
	text, left := p.sections(stacks, room, (*Preview).everyLine)
	if left == 0 {
		return text
	}
	text, _ = p.sections(stacks, room, (*Preview).fewerLines)
	return text
}

// reservedLength is the room for the line that says what was left out.
const reservedLength = 200

// sections returns the sections of as many stacks as fit. It also returns how many lines or whole
// stacks it left out.
func (p *Preview) sections(stacks []automation.StackResult, room int, lines func(*Preview, *automation.StackResult) []string) (string, int) {
	room -= reservedLength
	var b strings.Builder
	leftStacks, leftLines := 0, 0
	for i := range stacks {
		s := &stacks[i]
		shown, all := []string(nil), lines(p, s)
		for n := len(all); n > 0; n = shorter(n) {
			if section := p.section(s, all[:n], len(all)-n); b.Len()+len(section) <= room {
				b.WriteString(section)
				shown = all[:n]
				break
			}
		}
		leftLines += len(all) - len(shown)
		if len(shown) == 0 {
			leftStacks++
		}
	}
	if leftLines > 0 {
		fmt.Fprintf(&b, "✂️ Left out, for GitHub's limit: %s, and all of %s. The job's log has everything.\n",
			changes.Count(leftLines, "line"), changes.Count(leftStacks, "stack"))
	}
	return b.String(), leftLines
}

// shorter returns the next number of lines to try.
func shorter(n int) int {
	if n > 10 {
		return n * 9 / 10
	}
	return n - 1
}

// section returns the changes of one stack, folded, and the reason why it failed, not folded.
func (p *Preview) section(s *automation.StackResult, lines []string, left int) string {
	if left > 0 {
		lines = append(slices.Clone(lines), fmt.Sprintf("# %s more", changes.Count(left, "line")))
	}
	if s.Err != nil {
		return fmt.Sprintf("<details open><summary>❌ <b>%s</b> %s</summary>\n\n%s</details>\n\n",
			html.EscapeString(s.Stack), s.Status, fenced("text", strings.Join(lines, "\n")))
	}
	return fmt.Sprintf("<details><summary><b>%s</b>: %s</summary>\n\n%s</details>\n\n",
		html.EscapeString(s.Stack), html.EscapeString(s.Changes.String()), fenced("diff", strings.Join(lines, "\n")))
}

// everyLine returns all lines about a stack.
func (p *Preview) everyLine(s *automation.StackResult) []string {
	lines := failure(s)
	for _, step := range changes.Steps(s) {
		lines = append(lines, stepLines(step, p.Diff)...)
	}
	return lines
}

// fewerLines returns the lines about a stack, in which new resources are only counted.
func (p *Preview) fewerLines(s *automation.StackResult) []string {
	lines, created := failure(s), map[string]int{}
	for _, step := range changes.Steps(s) {
		if step.Operation == "create" {
			created[changes.Type(step.Type)]++
			continue
		}
		lines = append(lines, stepLines(step, false)...)
	}
	for _, kind := range slices.Sorted(maps.Keys(created)) {
		lines = append(lines, fmt.Sprintf("+  %d × %s", created[kind], kind))
	}
	return lines
}

// failure returns why a stack failed or was skipped.
func failure(s *automation.StackResult) []string {
	if s.Err == nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(s.Err.Error())) {
		lines = append(lines, changes.Visible(strings.TrimRight(line, "\r\n")))
	}
	return lines
}

// stepLines returns the lines about a step and its properties. The first character of a line
// decides the line's colour.
func stepLines(step automation.Step, all bool) []string {
	title := fmt.Sprintf("%-2s %s %s%s", changes.Symbol(step.Operation), changes.Type(step.Type), changes.Visible(step.Name), changes.Left(step))
	if step.Operation == "delete" && step.ID != "" {
		title += " (" + changes.Visible(step.ID) + ")"
	}
	if step.Protected {
		title += ", protected"
	}
	lines := []string{title}
	for _, l := range changes.Diff(step, all) {
		lines = append(lines, string(l.Sign)+"      "+l.Text)
	}
	return lines
}
