package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// StateRecoverOptions are those of `coldstart state recover`.
type StateRecoverOptions struct {
	project
	yes bool
}

func newStateRecover(streams terminal.Streams, run func(context.Context, *StateRecoverOptions) error) *cobra.Command {
	o := &StateRecoverOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "recover [stack…]",
		Short: "Rebuild the state of stacks that have lost it, from what AWS has",
		Long: `Recover rebuilds the state of every stack that has none in this backend, or of those
named, by importing what AWS has of what Pulumi.master.yaml declares. It writes nothing
in AWS: each stack is previewed first, and recover stops if anything but an import would
be done. In the end each stack is previewed as it is declared, and recover prints what the
next up will change: what AWS doesn't have, or has otherwise. Stacks that have their state
are left alone, so that a recover that was killed can be run again.

First look for the state itself: it knows more. coldstart doctor says whether the
management account's bucket has it; a bucket has older versions of it.

First passwords of users are lost with the state. No password is reset: a user who hasn't
signed in yet gets a new one by "aws iam update-login-profile". Images are built by the
next up. What AWS has and the declaration doesn't is in no state: coldstart verify names
it.

To undo it, run "pulumi stack rm --force --preserve-config <stack>" for each stack. That
forgets a state and deletes nothing in AWS. Without --preserve-config it deletes the
file Pulumi.<stack>.yaml, too.`,
		Example: "  coldstart state recover\n  coldstart state recover --yes app",
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	o.resultFlag(cmd)
	cmd.Flags().StringVar(&o.secretsProvider, "secrets-provider", "", "what encrypts the secrets of stacks that are created, such as awskms://… (default: a passphrase)")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "don't ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = stateRecoverRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func stateRecoverRun(ctx context.Context, o *StateRecoverOptions) error {
	if !o.yes {
		if err := o.confirm(ctx, "Rebuild the state of "+cmp.Or(strings.Join(o.stacks, ", "), "all stacks that have none")+" in this backend, from what AWS has? Nothing in AWS is changed."); err != nil {
			return err
		}
	}
	return o.operate(ctx, progress.New(o.streams), false, func(ctx context.Context, a *automation.Automation) (*automation.Result, error) {
		return a.RecoverState(ctx, o.stacks...)
	})
}
