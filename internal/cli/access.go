package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/pullrequest"
	"github.com/coldstart-aws/coldstart/organization"
)

// AccessOptions are those of `coldstart access`.
type AccessOptions struct {
	declaration
	json, markdown bool
	base           string
}

func newAccess(io IO, run func(context.Context, *AccessOptions) error) *cobra.Command {
	o := &AccessOptions{declaration: declaration{io: io}}
	cmd := &cobra.Command{
		Use:   "access",
		Short: "Print who reaches which account as what",
		Long: `Access prints the access matrix: every user, workflow and account, which role it
may assume in which account, what that role allows, and on what condition. It is
computed from Pulumi.master.yaml alone; nothing is asked of AWS. With --base it
prints only what differs from another declaration, such as the base branch's.`,
		Example: `  coldstart access
  coldstart access --json | jq '.[] | select(.account == "prod")'
  git show origin/main:Pulumi.master.yaml > /tmp/base.yaml
  coldstart access --base /tmp/base.yaml`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON list of {who, by, account, role, may, if}; with --base an object of lists: added, removed, and changed of {before, after}")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "print a Markdown table; with --base a block that shows differences in colour")
	cmd.Flags().StringVar(&o.base, "base", "", "print what differs from the access matrix of this declaration")
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
	if o.base != "" {
		return o.compare(org)
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

// compare prints what differs from another declaration.
func (o *AccessOptions) compare(org *organization.Organization) error {
	base, err := organization.Load(o.base)
	if err != nil {
		return fmt.Errorf("--base: %w", err)
	}
	diff := organization.CompareReach(base.Reach(), org.Reach())
	switch {
	case o.json:
		return writeJSON(o.io.Out, diff)
	case o.markdown:
		fmt.Fprint(o.io.Out, pullrequest.Access(diff))
	default:
		writeReachDiff(o.io.Out, diff)
	}
	return nil
}

// writeReachDiff writes what differs between two access matrices.
func writeReachDiff(w io.Writer, diff organization.ReachDiff) {
	fmt.Fprintf(w, "\nAccess: %d added, %d removed, %d changed\n", len(diff.Added), len(diff.Removed), len(diff.Changed))
	for _, line := range changes.Reach(diff) {
		fmt.Fprintf(w, "  %s %s\n", line.Sign, line.Text)
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
