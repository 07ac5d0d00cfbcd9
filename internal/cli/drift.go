package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/proof"
)

// DriftOptions are those of `coldstart drift`.
type DriftOptions struct {
	project
}

func newDrift(streams terminal.Streams, run func(context.Context, *DriftOptions) error) *cobra.Command {
	o := &DriftOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "drift [stack…]",
		Short: "Show what others have changed in AWS, and change nothing",
		Long: `Drift reads every resource of every stack, or of the named stacks, from AWS and shows
what differs from Pulumi's state. Without names, it also shows what no state has and
the file doesn't declare: accounts, units, members that administer a service, services
that are on, delegations to other zones, trails, and default VPCs.

Drift changes nothing, neither in AWS nor in Pulumi's state. To bring AWS back to what
the file declares, run ` + "`coldstart refresh`" + ` and then ` + "`coldstart up`" + `.

The exit code is 0 if nothing has changed, 3 if something has (an account that was
closed by hand, too), and 1 if drift couldn't find out for every account. It names those
accounts, and why.

--plan-roles is for a workflow on GitHub whose credentials are those of the
management account's plan role: members are entered by their own plan roles, and no
other role is assumed.`,
		Example: "  coldstart drift\n  coldstart drift prod\n  coldstart drift --json | jq .strangers",
	}
	o.flags(cmd)
	o.resultFlag(cmd)
	o.planRolesFlag(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = driftRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

// drift is what `coldstart drift --json` prints.
type drift struct {
	resultJSON
	proof.Strangers
}

func driftRun(ctx context.Context, o *DriftOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	if err := o.ready(ctx, org); err != nil {
		return err
	}
	shown := progress.New(o.streams)
	a, err := o.over(ctx, org, shown.Event)
	if err != nil {
		return err
	}
	shown.Expect(a.Stacks(), o.stacks...)
	stop := shown.Start(ctx)
	defer stop()
	result, err := a.Drift(ctx, o.stacks...)
	if err != nil {
		return err
	}
	strangers := proof.Strangers{Strangers: []proof.Stranger{}, Omitted: []string{}}
	if len(o.stacks) == 0 {
		if strangers, err = proof.Undeclared(ctx, org, proof.Options{PlanToken: o.planToken()}); err != nil {
			return fmt.Errorf("looking for what isn't declared: %w", err)
		}
	}
	stop()
	err = o.output(o.streams.Out, drift{jsonOf(result), strangers}, func(w io.Writer) error {
		writeDrift(w, result, strangers)
		return nil
	})
	switch {
	case err != nil:
		return err
	case result.Err() != nil, len(strangers.Omitted) > 0:
		return errReported // What nobody could look at may have changed.
	case result.Changes().Changed() > 0 || len(strangers.Strangers) > 0 || result.Unusable():
		return errChanges
	}
	return nil
}

// writeDrift writes what has changed, stack by stack, then what isn't declared.
func writeDrift(w io.Writer, result *automation.Result, strangers proof.Strangers) {
	writeSteps(w, result, false)
	if len(strangers.Strangers) > 0 {
		fmt.Fprintf(w, "\nNot declared:\n")
	}
	for _, s := range strangers.Strangers {
		fmt.Fprintf(w, "  %s: %s\n    %s\n", s.Account, s.Found, strings.ToUpper(s.Remedy[:1])+s.Remedy[1:]+".")
	}
	for _, omitted := range strangers.Omitted {
		fmt.Fprintf(w, "\nNot looked at: %s\n", omitted)
	}
	writeSummary(w, result)
	if result.Err() == nil && !result.Unusable() && result.Changes().Changed() == 0 && len(strangers.Strangers)+len(strangers.Omitted) == 0 {
		fmt.Fprintf(w, "\nNothing has changed.\n")
	}
}
