package cli

import (
	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
)

func newAccount(streams terminal.Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "account",
		Short: "Add member accounts to the declaration, and list them",
		Long: `Account adds member accounts to Pulumi.master.yaml, and lists those that are
declared there. Nothing is asked of AWS, and nothing is changed there: coldstart up
creates what the file declares.`,
		Example: "  coldstart account list\n  coldstart account add payments --unit workloads",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAccountAdd(streams, nil), newAccountList(streams, nil))
	return cmd
}
