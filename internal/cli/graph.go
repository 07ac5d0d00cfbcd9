package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/graph"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// GraphOptions are those of `coldstart graph`.
type GraphOptions struct {
	declaration
	format string
}

func newGraph(streams terminal.Streams, run func(context.Context, *GraphOptions) error) *cobra.Command {
	o := &GraphOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Draw the organization: units, accounts, delegations, trails, stacks",
		Long: `Graph draws what Pulumi.master.yaml declares: units with their accounts, the
delegations of the apex zone, the way of the logs, the groups of IAM Identity Center with
their permission sets, and the order of the stacks. It marks the accounts with the log
archive and with the users, those that administer a service, and protected and
quarantined accounts. It doesn't ask AWS.

  mermaid  is what GitHub shows in Markdown, in a block that starts with ` + "```mermaid" + `
  svg      is a complete picture, for a README or a browser, light and dark
  dot      is what Graphviz makes pictures of`,
		Example: "  coldstart graph\n  coldstart graph --format svg > organization.svg\n  coldstart graph --format dot | dot -Tpdf > organization.pdf",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.format, "format", "mermaid", "mermaid, svg or dot")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = graphRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func graphRun(_ context.Context, o *GraphOptions) error {
	draw, ok := map[string]func(*graph.Graph) string{
		"mermaid": (*graph.Graph).Mermaid,
		"svg":     (*graph.Graph).SVG,
		"dot":     (*graph.Graph).DOT,
	}[o.format]
	if !ok {
		return usageError{fmt.Errorf("--format %q: write mermaid, svg or dot", o.format)}
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	fmt.Fprint(o.streams.Out, draw(graph.Of(org)))
	return nil
}
