package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/proof"
)

// writeProofs writes how many claims hold, by account and topic. Those that
// don't are the report's problems; the file has every claim.
func writeProofs(w io.Writer, proofs []proof.Proof) {
	type count struct{ holds, all int }
	counts := map[string][]count{}
	var accounts []string
	for _, p := range proofs {
		if counts[p.Account] == nil {
			accounts = append(accounts, p.Account)
			counts[p.Account] = make([]count, len(proof.Topics))
		}
		for i, topic := range proof.Topics {
			if slices.Contains(topic.Subjects, p.Subject) {
				counts[p.Account][i].all++
				if p.Holds {
					counts[p.Account][i].holds++
				}
			}
		}
	}
	fmt.Fprintln(w, "\nProofs that hold, of those made by reading AWS:")
	titles := []string{"IN"}
	for _, topic := range proof.Topics {
		titles = append(titles, strings.ToUpper(topic.Name))
	}
	table := terminal.NewTable(w, titles...)
	for _, account := range accounts {
		row := []any{account}
		for _, c := range counts[account] {
			switch {
			case c.all == 0:
				row = append(row, "-")
			case c.holds < c.all:
				row = append(row, fmt.Sprintf("%d/%d FAILED", c.holds, c.all))
			default:
				row = append(row, fmt.Sprintf("%d/%d", c.holds, c.all))
			}
		}
		table.Row(row...)
	}
	_ = table.Flush() // The writer beneath is asked for nothing else.
}
