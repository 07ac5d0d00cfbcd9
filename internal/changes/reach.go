package changes

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// Reach returns the lines of a difference between two access matrices: first what is new, then what
// changes, then what is gone.
func Reach(diff organization.ReachDiff) []Line {
	var rows []row
	for _, r := range diff.Added {
		rows = append(rows, rowOf(SignAdd, r))
	}
	for _, c := range diff.Changed {
		rows = append(rows, row{SignUpdate, wayIn(c.Before)},
			row{SignDelete, []string{"    " + allowed(c.Before)}}, row{SignAdd, []string{"    " + allowed(c.After)}})
	}
	for _, r := range diff.Removed {
		rows = append(rows, rowOf(SignDelete, r))
	}
	return aligned(rows)
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

// Answers returns the lines of what a change of policies opens and closes, and to whom.
func Answers(all []permissions.Change) []Line {
	var lines []Line
	add := func(sign Sign, format string, args ...any) {
		lines = append(lines, Line{Sign: sign, Text: Visible(fmt.Sprintf(format, args...))})
	}
	for _, c := range all {
		who := fmt.Sprintf("%s in %s", c.Who, strings.Join(c.Accounts, ", "))
		if len(c.Opens) > 0 {
			add(SignAdd, "%s: %s", who, permissions.Actions(c.Opens))
		}
		if len(c.Closes) > 0 {
			add(SignDelete, "%s: %s (%s)", who, permissions.Actions(c.Closes), strings.Join(c.By, "; "))
		}
	}
	return lines
}
