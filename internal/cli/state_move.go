package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// StateMoveOptions are those of `coldstart state move`.
type StateMoveOptions struct {
	project
	to automation.Destination
}

func newStateMove(streams terminal.Streams, run func(context.Context, *StateMoveOptions) error) *cobra.Command {
	o := &StateMoveOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "move [backend-url]",
		Short: "Move the state of all stacks to another backend, and prove it by a preview",
		Long: `Move copies the state of every stack to another backend, encrypts its secrets there
as --secrets-provider says, and proves by a preview that nothing would change. Without
arguments it goes to the management account's own state bucket and key, which the
master stack exports. If anything fails, nothing has moved. Secrets are never written
in clear.

What is in the old backend stays there, unused. Commit the changed Pulumi.*.yaml
files: they say how secrets are encrypted.`,
		Example: "  coldstart state move\n  coldstart state move https://api.pulumi.com\n" +
			"  coldstart state move file:///srv/state --secrets-provider passphrase",
		Args: cobra.MaximumNArgs(1),
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.to.SecretsProvider, "secrets-provider", "", "what encrypts secrets there: passphrase, awskms://…, … (default: the management account's key, or the backend's own)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			o.to.Backend = args[0]
		}
		if run == nil {
			run = stateMoveRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func stateMoveRun(ctx context.Context, o *StateMoveOptions) error {
	if o.to.Backend != "" && !strings.Contains(o.to.Backend, "://") {
		return usageError{fmt.Errorf("%q is no backend's URL: write it as pulumi login takes it, such as s3://bucket?region=us-west-2", o.to.Backend)}
	}
	// What is printed in the end has to mean the same folder everywhere.
	to, err := backend.Absolute(o.dir, o.to.Backend)
	if err != nil {
		return usageError{err}
	}
	o.to.Backend = to
	org, err := o.load()
	if err != nil {
		return err
	}
	shown := progress.New(o.streams)
	a, err := o.over(ctx, org, shown.Event)
	if err != nil {
		return err
	}
	if o.to.Backend == "" {
		master, err := a.Master(ctx)
		if err != nil {
			return err
		}
		if master == nil {
			return fmt.Errorf("stack master hasn't run yet, so there is no bucket to move to: run `coldstart up` first, or name a backend")
		}
		o.to.Backend = master.BackendURL
		if o.to.SecretsProvider == "" {
			o.to.SecretsProvider = master.SecretsProvider
		}
	}
	stop := shown.Start(ctx)
	defer stop()
	if err := a.MoveState(ctx, o.to); err != nil {
		return err
	}
	stop()
	fmt.Fprintf(o.streams.Out, "The state of all stacks is in %s now; a preview there shows no changes.\n"+
		"What follows has to use it:\n\n  export PULUMI_BACKEND_URL='%[1]s'\n\n"+
		"or `backend: {url: '%[1]s'}` in Pulumi.yaml. Commit the changed Pulumi.*.yaml files.\n"+
		"The old backend still has what it had; delete that when you are sure.\n", o.to.Backend)
	return nil
}
