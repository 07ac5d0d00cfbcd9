package pullrequest

import (
	"fmt"
	"strings"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
)

// maxSubjects are numbers of resources to name for one kind of effects. warnings takes the first
// number with which the text fills at most half of the room.
var maxSubjects = []int{40, 10, 3, 1}

// warnings returns GitHub alerts with what a reviewer must not overlook: first what can't be
// undone, then what is refused, then what may be unexpected.
func (p *Preview) warnings(room int) string {
	var text string
	for _, most := range maxSubjects {
		text = alert("CAUTION", "This can't be undone", p.effects(automation.EffectFinal, most)) +
			alert("IMPORTANT", "This is refused", append(p.effects(automation.EffectRefused, most), p.failures(most)...)) +
			alert("WARNING", "Look at this", append(p.effects(automation.EffectNotable, most), p.left(most)...))
		if len(text) <= room/2 {
			break
		}
	}
	return text
}

// alert returns a list as one of GitHub's alerts; empty for an empty list.
func alert(kind, title string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return fmt.Sprintf("> [!%s]\n> **%s:**\n> %s\n\n", kind, title, strings.Join(lines, "\n> "))
}

// effects returns a list item for each kind of effects, with an item below it for each stack.
func (p *Preview) effects(weight automation.Weight, most int) []string {
	var lines []string
	for _, e := range changes.Effects(p.Result, weight, changes.Compared{Declared: p.Declared, Base: p.Base}) {
		lines = append(lines, "- "+e.Says)
		for _, s := range e.ByStack(most) {
			names := make([]string, len(s.Names))
			for i, name := range s.Names {
				names[i] = code(name)
			}
			lines = append(lines, fmt.Sprintf("  - %s: %s", code(s.Stack), strings.Join(names, ", ")))
		}
		lines = append(lines, more(len(e.Subjects)-most, "  ")...)
	}
	return lines
}

// failures returns the first line of each error, with the stacks that failed with it.
func (p *Preview) failures(most int) []string {
	var reasons []string
	stacks := map[string][]string{}
	for _, s := range p.Result.Stacks {
		if s.Status != automation.StatusFailed || s.Err == nil {
			continue
		}
		reason, _, _ := strings.Cut(strings.TrimSpace(s.Err.Error()), "\n")
		if stacks[reason] == nil {
			reasons = append(reasons, reason)
		}
		stacks[reason] = append(stacks[reason], code(s.Stack))
	}
	var lines []string
	for _, reason := range reasons[:min(most, len(reasons))] {
		names, others := stacks[reason], ""
		if left := len(names) - most; left > 0 {
			names, others = names[:most], fmt.Sprintf(" and %d more", left)
		}
		lines = append(lines, fmt.Sprintf("- %s%s: %s", strings.Join(names, ", "), others, code(cut(reason, 300))))
	}
	return append(lines, more(len(reasons)-most, "")...)
}

// left returns the stacks that aren't run any more, and the result's other warnings.
func (p *Preview) left(most int) []string {
	var lines []string
	if p.Base != nil {
		for _, name := range p.Base.AccountNames() {
			if _, ok := p.Declared.Accounts[name]; !ok {
				lines = append(lines, fmt.Sprintf("- Stack %s isn't run any more. What it made stays, with nobody looking after it, unless it was destroyed before: %s.",
					code(name), code("coldstart destroy "+name+" --unprotect")))
			}
		}
	}
	for _, text := range p.Result.Warnings {
		lines = append(lines, "- "+code(text))
	}
	return append(lines[:min(most, len(lines))], more(len(lines)-most, "")...)
}

// more returns an item that says how many items were left out, if any were.
func more(n int, indent string) []string {
	if n <= 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s- and %d more", indent, n)}
}
