package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/graph"
)

// GraphOptions are those of `coldstart graph`.
type GraphOptions struct {
	declaration
	format string
}

func newGraph(io IO, run func(context.Context, *GraphOptions) error) *cobra.Command {
	o := &GraphOptions{declaration: declaration{io: io}}
	cmd := &cobra.Command{
		Use:   "graph",
		Short: "Draw the organization: units, accounts, delegations, trails",
		Long: `Graph draws what Pulumi.master.yaml declares: units with their accounts, whom the
apex zone delegates to, and where logs go. Mermaid is what GitHub shows in
Markdown; DOT is what Graphviz makes pictures of. Nothing is asked of AWS.`,
		Example: "  coldstart graph\n  coldstart graph --format dot | dot -Tsvg > organization.svg",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.format, "format", "mermaid", "mermaid or dot")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = graphRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func graphRun(_ context.Context, o *GraphOptions) error {
	draw, ok := map[string]func(*graph.Graph) string{"mermaid": (*graph.Graph).Mermaid, "dot": (*graph.Graph).DOT}[o.format]
	if !ok {
		return usageError{fmt.Errorf("--format %s: write mermaid or dot", o.format)}
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	fmt.Fprint(o.io.Out, draw(graph.Of(org)))
	return nil
}
