package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// StateInitOptions are those of `coldstart state init`.
type StateInitOptions struct {
	project
}

func newStateInit(streams terminal.Streams, run func(context.Context, *StateInitOptions) error) *cobra.Command {
	o := &StateInitOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "init [stack…]",
		Short: "Create stacks for plain Pulumi, and leave Pulumi.master.yaml as it is",
		Long: `Init creates all stacks in the backend, or those named, for those who run "pulumi up"
themselves; coldstart up needs no init. It adds a line to each Pulumi.<stack>.yaml that
says how the stack's secrets are encrypted, and leaves the rest as it is. "pulumi stack
init" writes the whole file anew instead: what the file says stays, but merge keys,
anchors, empty lines and indentation go.

Init can be run again: stacks that exist are left alone, and a line that is missing in a
file, as after a fresh clone, is added from the state.`,
		Example: "  coldstart state init\n  coldstart state init master --secrets-provider 'awskms://alias/state?region=us-west-2'",
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	cmd.Flags().StringVar(&o.secretsProvider, "secrets-provider", "", "what encrypts the secrets of stacks that are created, such as awskms://… (default: a passphrase)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = stateInitRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func stateInitRun(ctx context.Context, o *StateInitOptions) error {
	shown := progress.New(o.streams)
	a, err := o.open(ctx, shown.Event)
	if err != nil {
		return err
	}
	created, err := a.CreateStacks(ctx, o.stacks...)
	if len(created) > 0 {
		fmt.Fprintf(o.streams.Out, "Created %s. Commit the changed Pulumi.*.yaml files: they say how secrets are encrypted.\n", strings.Join(created, ", "))
	}
	if err == nil && len(created) == 0 {
		fmt.Fprintln(o.streams.Out, "All of these stacks exist already.")
	}
	return err
}
