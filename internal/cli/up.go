package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// UpOptions are those of `coldstart up`.
type UpOptions struct {
	project
	yes bool
}

func newUp(streams terminal.Streams, run func(context.Context, *UpOptions) error) *cobra.Command {
	o := &UpOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "up [stack…]",
		Short: "Create and update every stack, in dependency order, members side by side",
		Long: `Up previews every stack, or those named, asks, and brings them to what
Pulumi.master.yaml declares: the management account first, then the members side
by side. A member that fails doesn't stop the others; the summary says why it
failed and what to run. Whatever is interrupted can be run again.

Accounts can't be deleted and their e-mail addresses can't be used again.
Rehearse first: coldstart rehearse.`,
		Example: "  coldstart up\n  coldstart up --yes          # without asking, as in CI\n  coldstart up prod staging",
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	o.resultFlag(cmd)
	o.withDependenciesFlag(cmd)
	cmd.Flags().StringVar(&o.secretsProvider, "secrets-provider", "", "what encrypts the secrets of stacks that are created, such as awskms://… (default: a passphrase)")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "don't preview, don't ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = upRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func upRun(ctx context.Context, o *UpOptions) error {
	shown := progress.New(o.streams)
	if !o.yes {
		preview := &PreviewOptions{project: o.project, format: formatText, shown: shown}
		if o.json { // What --json prints is what was done; a person reads the preview beside it.
			preview.json, preview.streams.Out = false, o.streams.Err
		}
		if err := previewRun(ctx, preview); err != nil {
			return err
		}
		if err := o.confirm(ctx, "Bring the organization to this? Accounts can't be deleted again."); err != nil {
			return err
		}
	}
	return o.operate(ctx, shown, false, func(ctx context.Context, a *automation.Automation) (*automation.Result, error) {
		return a.Up(ctx, o.stacks...)
	})
}
