package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/expectations"
	"github.com/coldstart-aws/coldstart/internal/promises"
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

It also asks about what coldstart promises of every organization: strangers stay outside,
accounts apart, logs as they are. If a promise isn't kept, a role, a group or a guardrail
of the declaration's own opens or closes too much, or coldstart has a fault. "coldstart
rehearse" and "coldstart verify" ask both of the policies that AWS has.

Exit codes: 0 all are met and kept, 1 some aren't, or can't be asked.`,
		Example: `  coldstart expect
  coldstart expect --json | jq '.[] | select(.unmet)'`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	o.jsonFlag(cmd, "a JSON list of {name, because, asked, unmet, promise}")
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
	documents, err := blueprint.Documents(ctx, org)
	if err != nil {
		return err
	}
	results, problems := expectations.Check(documents, org)
	promised, err := promises.Check(documents, org)
	if err != nil {
		return err
	}
	var broken []error
	for _, p := range promised {
		results = append(results, expectations.Result{Name: p.Name, Because: p.Because, Asked: p.Asked, Unmet: p.Broken, Promise: true})
		if len(p.Broken) > 0 {
			broken = append(broken, fmt.Errorf("the promise %s isn't kept: %s; look for the statement in the declaration, and if it isn't there, tell coldstart's developers", p.Name, expectations.Listed(p.Broken)))
		}
	}
	if err := o.output(o.streams.Out, results, func(w io.Writer) error { return writeExpectations(w, results) }); err != nil {
		return err
	}
	return errors.Join(append(broken, problems.In(filepath.Join(o.dir, organization.File)).Err())...)
}

// writeExpectations writes a line for each expectation and each promise.
func writeExpectations(w io.Writer, results []expectations.Result) error {
	table := terminal.NewTable(w, "EXPECTED BY", "WHAT", "SO", "QUESTIONS", "BECAUSE")
	for _, r := range results {
		by := map[bool]string{true: "coldstart", false: "the file"}[r.Promise]
		table.Row(by, r.Name, map[bool]string{true: "yes", false: "no"}[len(r.Unmet) == 0], r.Asked, r.Because)
	}
	return table.Flush()
}
