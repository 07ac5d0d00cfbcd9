package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// RefreshOptions are those of `coldstart refresh`.
type RefreshOptions struct{ project }

func newRefresh(streams terminal.Streams, run func(context.Context, *RefreshOptions) error) *cobra.Command {
	o := &RefreshOptions{project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "refresh [stack…]",
		Short: "Bring the state of every stack in line with AWS",
		Long: `Refresh reads every resource of every stack, or of the named stacks, from AWS and
writes into Pulumi's state what has changed there. It changes nothing in AWS, except
resources that a killed run has left half created. The next up brings AWS back to what
the file declares.`,
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	o.resultFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = refreshRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func refreshRun(ctx context.Context, o *RefreshOptions) error {
	return o.operate(ctx, progress.New(o.streams), true, func(ctx context.Context, a *automation.Automation) (*automation.Result, error) {
		return a.Refresh(ctx, o.stacks...)
	})
}
