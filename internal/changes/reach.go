package changes

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// Reach returns the lines of a difference between two access matrices: first who reaches the same by other ways, then what is new, then
// what changes, then what is gone.
func Reach(diff organization.ReachDiff) []Line {
	var rows []row
	for _, r := range inAccounts(diff.Added) {
		rows = append(rows, rowOf(SignAdd, r))
	}
	for _, c := range diff.Changed {
		rows = append(rows, row{SignUpdate, wayIn(c.Before)},
			row{SignDelete, []string{"    " + allowed(c.Before)}}, row{SignAdd, []string{"    " + allowed(c.After)}})
	}
	for _, r := range inAccounts(diff.Removed) {
		rows = append(rows, rowOf(SignDelete, r))
	}
	return append(moved(diff.Moved), aligned(rows)...)
}

// moved returns a line for people who reach the same by other ways.
func moved(all []organization.ReachMove) (lines []Line) {
	for _, m := range all {
		who := strings.Join(m.Who, ", ")
		if len(m.Who) > few {
			who = fmt.Sprintf("%s and %d others", strings.Join(m.Who[:few], ", "), len(m.Who)-few)
		}
		text := fmt.Sprintf("%s: %s in %s by %s, before by %s", who, Count(m.Roles, "role"), Count(m.Accounts, "account"), strings.Join(m.After, " and "), strings.Join(m.Before, " and "))
		lines = append(lines, Line{Sign: SignUpdate, Text: Visible(text)})
	}
	return lines
}

// few is how many people, or accounts, a line names.
const few = 5

// Count writes a number of things: "1 stack", "2 stacks".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// inAccounts makes one line of those that differ in their account alone: a permission set is called the same in all accounts.
func inAccounts(all []organization.Reach) (folded []organization.Reach) {
	accounts := map[string][]string{}
	keyOf := func(r organization.Reach) string {
		return strings.Join(append([]string{r.Who, r.By, r.Role, r.If}, r.May...), "\n")
	}
	for _, r := range all {
		accounts[keyOf(r)] = append(accounts[keyOf(r)], r.Account)
	}
	for _, r := range all {
		in := accounts[keyOf(r)]
		if in[0] == r.Account {
			r.Account = strings.TrimSuffix(listed(in), ",")
			folded = append(folded, r)
		}
	}
	return folded
}

// listed names accounts if they are few.
func listed(accounts []string) string {
	if len(accounts) > few {
		return fmt.Sprintf("%d accounts, such as %s,", len(accounts), accounts[0])
	}
	return strings.Join(accounts, ", ")
}

// row is a line of a table with aligned columns.
type row struct {
	sign  Sign
	cells []string
}

func rowOf(sign Sign, r organization.Reach) row {
	return row{sign, append(wayIn(r), allowed(r))}
}

func wayIn(r organization.Reach) []string { return []string{r.Who, r.Account, r.Role} }

// allowed returns what a way of access allows, on which condition, and why it exists.
func allowed(r organization.Reach) string {
	text := strings.Join(r.May, "; ") + " (if " + r.If
	if r.By != "" {
		text += ", by " + r.By
	}
	return text + ")"
}

func aligned(rows []row) []Line {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		for i := range r.cells {
			r.cells[i] = Visible(r.cells[i])
		}
		fmt.Fprintln(table, strings.Join(r.cells, "\t"))
	}
	_ = table.Flush() // Writing to a builder never fails.
	texts := slices.Collect(strings.Lines(b.String()))
	lines := make([]Line, len(rows))
	for i, r := range rows {
		lines[i] = Line{r.sign, strings.TrimRight(texts[i], " \n")}
	}
	return lines
}

// Lockouts returns the lines of who is locked out by a change.
func Lockouts(all []permissions.Lockout) (lines []Line) {
	for _, l := range all {
		lines = append(lines, Line{Sign: SignDelete, Text: Visible(fmt.Sprintf("%s can't come into %s as %s any more: %s", l.Who, listed(l.Accounts), l.Role, l.Why))})
	}
	return lines
}

// Answers returns the lines of what a change of policies opens and closes, and to whom.
func Answers(all []permissions.Change) []Line {
	var lines []Line
	add := func(sign Sign, format string, args ...any) {
		lines = append(lines, Line{Sign: sign, Text: Visible(fmt.Sprintf(format, args...))})
	}
	for _, c := range all {
		who := fmt.Sprintf("%s in %s", c.Who, strings.Join(c.Accounts, ", "))
		if c.Way != "" {
			who += ", by " + c.Way
		}
		if len(c.Opens) > 0 {
			add(SignAdd, "%s: %s", who, permissions.Actions(c.Opens))
		}
		if len(c.Closes) > 0 {
			add(SignDelete, "%s: %s (%s)", who, permissions.Actions(c.Closes), strings.Join(c.By, "; "))
		}
	}
	return lines
}
