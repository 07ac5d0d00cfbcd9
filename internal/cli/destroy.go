package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// DestroyOptions are those of `coldstart destroy`.
type DestroyOptions struct {
	project
	yes       bool
	unprotect bool
}

func newDestroy(streams terminal.Streams, run func(context.Context, *DestroyOptions) error) *cobra.Command {
	o := &DestroyOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "destroy [stack…]",
		Short: "Delete what stacks declare, members before the management account",
		Long: `Destroy deletes the resources of every stack, or of those named, members first. It
says what will be deleted, what is lost with that, and what stays in AWS, and asks.
Zones, buckets and trails are protected: destroy refuses to delete them without
--unprotect.

What stays in AWS, and only leaves Pulumi's state:
  - KMS keys and their aliases. A key may still open something: the state of another
    stack, a log, a copy of either. Plain "pulumi destroy" doesn't delete them either.
  - buckets that hold anything, with all that hardens them
  - zones that somebody else had made, with the records of others and with the
    delegation from one such zone to another
  - the organization, its accounts and the units that hold them
The next up takes all of that over again. To delete a key that is surely not needed:
"aws kms schedule-key-deletion --key-id …", with credentials of its account.

Destroy refuses, and deletes nothing, if
  - a stack that stays needs one that goes: every stack needs master, the stack of
    the audit account and that of the account where users live
  - the state of all stacks lies in a bucket that goes: move it away first, with
    coldstart state move`,
		Example: "  coldstart destroy prod --unprotect\n  coldstart destroy --unprotect --yes",
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	o.resultFlag(cmd)
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "don't ask")
	cmd.Flags().BoolVar(&o.unprotect, "unprotect", false, "delete what is protected, too; keys stay all the same")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = destroyRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func destroyRun(ctx context.Context, o *DestroyOptions) error {
	if !o.yes {
		if err := o.confirmDestruction(ctx); err != nil {
			return err
		}
	}
	return o.operate(ctx, progress.New(o.streams), false, func(ctx context.Context, a *automation.Automation) (*automation.Result, error) {
		return a.Destroy(ctx, automation.DestroyOptions{Unprotect: o.unprotect}, o.stacks...)
	})
}

// confirmDestruction says what would be deleted, lost and kept, and asks.
func (o *DestroyOptions) confirmDestruction(ctx context.Context) error {
	const question = "Delete that?"
	if !o.streams.Interactive {
		return o.confirm(ctx, question)
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	a, err := o.over(ctx, org, nil)
	if err != nil {
		return err
	}
	plan, err := a.PlanDestroy(ctx, o.stacks...)
	if err != nil {
		return err
	}
	writeDestruction(o.streams.Err, plan, o.unprotect)
	return o.confirm(ctx, question)
}

// writeDestruction says what destroying stacks deletes, loses and keeps.
func writeDestruction(w io.Writer, plan []automation.Destruction, unprotect bool) {
	for _, d := range plan {
		fmt.Fprintf(w, "\n%s: %d resources are deleted\n", d.Stack, d.Deleted)
		if d.Protected > 0 && !unprotect {
			fmt.Fprintf(w, "  %d of them are protected: without --unprotect nothing is deleted\n", d.Protected)
		}
		for _, lost := range d.Lost {
			fmt.Fprintf(w, "  lost: %s\n", lost)
		}
		writeStaying(w, d.Kept)
	}
}

// writeStaying lists what a destroy leaves in AWS.
func writeStaying(w io.Writer, kept []string) {
	for _, k := range kept {
		fmt.Fprintf(w, "  kept: %s\n", k)
	}
}
