package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// OutputsOptions are those of `coldstart outputs`.
type OutputsOptions struct{ project }

func newOutputs(streams terminal.Streams, run func(context.Context, *OutputsOptions) error) *cobra.Command {
	o := &OutputsOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:     "outputs [stack…]",
		Short:   "Print what stacks export: ids, name servers, backend URLs, switch-role URLs",
		Example: "  coldstart outputs prod\n  coldstart outputs --json | jq .master.apexNameServers",
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	o.jsonFlag(cmd, "one JSON object: stack, then output, then value")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.stacks = args
		if run == nil {
			run = outputsRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func outputsRun(ctx context.Context, o *OutputsOptions) error {
	a, err := o.open(ctx, nil)
	if err != nil {
		return err
	}
	all, err := a.Outputs(ctx, o.stacks...)
	if err != nil {
		return err
	}
	return o.output(o.streams.Out, all, func(w io.Writer) error {
		table := terminal.NewTable(w)
		for _, stack := range a.Stacks() {
			outputs := all[stack.Name]
			for _, name := range slices.Sorted(maps.Keys(outputs)) {
				writeOutput(table, stack.Name, name, outputs[name])
			}
		}
		return table.Flush()
	})
}

// writeOutput adds a row for each value: maps by their keys, lists by their items.
func writeOutput(table *terminal.Table, stack, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			writeOutput(table, stack, name+"."+key, v[key])
		}
	case []any:
		for i, item := range v {
			writeOutput(table, stack, fmt.Sprintf("%s[%d]", name, i), item)
		}
	default:
		table.Row(stack, name, v)
	}
}
