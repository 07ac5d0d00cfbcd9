package cli

import (
	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
)

func newState(streams terminal.Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Move Pulumi's state of all stacks, rebuild it, or create stacks without resources",
		Long: `State is about where Pulumi keeps what it knows of each stack. After the first run
every account has a bucket and a key for that: coldstart state move takes coldstart's
own stacks from the folder of the first run into the management account's. coldstart
state recover rebuilds the state of stacks that have lost it. coldstart state init creates
stacks for those who run plain Pulumi.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateMove(streams, nil), newStateRecover(streams, nil), newStateInit(streams, nil))
	return cmd
}
