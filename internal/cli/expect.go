package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/expectations"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// ExpectOptions are those of `coldstart expect`.
type ExpectOptions struct {
	declaration
	jsonOption
}

func newExpect(streams terminal.Streams, run func(context.Context, *ExpectOptions) error) *cobra.Command {
	o := &ExpectOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "expect",
		Short: "Check what the declaration expects that people and services can and can't do",
		Long: `Expect asks the questions of coldstart:expect, as "coldstart can" answers them, and says
which answers aren't as expected. It is computed from Pulumi.master.yaml alone, in about
a second. "coldstart preview" and "coldstart up" do the same first, and stop if an
expectation isn't met.

Exit codes: 0 all are met, 1 some aren't, or can't be asked.`,
		Example: `  coldstart expect
  coldstart expect --json | jq '.[] | select(.unmet)'`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	o.jsonFlag(cmd, "a JSON list of {name, because, asked, unmet}")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = expectRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func expectRun(ctx context.Context, o *ExpectOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	results, problems, err := expectations.Check(ctx, org)
	if err != nil {
		return err
	}
	if err := o.output(o.streams.Out, orEmpty(results), func(w io.Writer) error { return writeExpectations(w, results) }); err != nil {
		return err
	}
	return problems.In(filepath.Join(o.dir, organization.File)).Err()
}

// writeExpectations writes a line for each expectation.
func writeExpectations(w io.Writer, results []expectations.Result) error {
	if len(results) == 0 {
		_, err := fmt.Fprintln(w, "The declaration expects nothing: see coldstart:expect in docs/configuration.md.")
		return err
	}
	table := terminal.NewTable(w, "EXPECTATION", "MET", "QUESTIONS", "BECAUSE")
	for _, r := range results {
		table.Row(r.Name, map[bool]string{true: "yes", false: "no"}[len(r.Unmet) == 0], r.Asked, r.Because)
	}
	return table.Flush()
}
