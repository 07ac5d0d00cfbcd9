package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/organization"
)

// AccessOptions are those of `coldstart access`.
type AccessOptions struct {
	declaration
	json, markdown bool
}

func newAccess(io IO, run func(context.Context, *AccessOptions) error) *cobra.Command {
	o := &AccessOptions{declaration: declaration{io: io}}
	cmd := &cobra.Command{
		Use:   "access",
		Short: "Print who reaches which account as what",
		Long: `Access prints the access matrix: every user, workflow and account, which role it
may assume in which account, what that role allows, and on what condition. It is
computed from Pulumi.master.yaml alone; nothing is asked of AWS.`,
		Example: "  coldstart access\n  coldstart access --json | jq '.[] | select(.account == \"prod\")'",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON list of {who, by, account, role, may, if}")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "print a Markdown table")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = accessRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func accessRun(_ context.Context, o *AccessOptions) error {
	if o.json && o.markdown {
		return usageError{errors.New("--json and --markdown: write one of them")}
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	switch reach := org.Reach(); {
	case o.json:
		return writeJSON(o.io.Out, reach)
	case o.markdown:
		writeReachMarkdown(o.io.Out, reach)
		return nil
	default:
		return writeReach(o.io.Out, reach)
	}
}

var reachTitles = []string{"who", "by", "account", "role", "may", "if"}

func reachCells(r organization.Reach) []string {
	return []string{r.Who, r.By, r.Account, r.Role, strings.Join(r.May, "; "), r.If}
}

func writeReach(w io.Writer, reach []organization.Reach) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.ToUpper(strings.Join(reachTitles, "\t")))
	for _, r := range reach {
		fmt.Fprintln(table, strings.Join(reachCells(r), "\t"))
	}
	return table.Flush()
}

func writeReachMarkdown(w io.Writer, reach []organization.Reach) {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(reachTitles, " | "), strings.Repeat(" --- |", len(reachTitles)))
	for _, r := range reach {
		cells := reachCells(r)
		for i := range cells {
			// Actions have asterisks, and nothing else here means formatting.
			cells[i] = strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`).Replace(cells[i])
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}
