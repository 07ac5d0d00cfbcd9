package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// OutputsOptions are those of `coldstart outputs`.
type OutputsOptions struct{ project }

func newOutputs(io IO, run func(context.Context, *OutputsOptions) error) *cobra.Command {
	o := &OutputsOptions{project: project{declaration: declaration{io: io}}}
	cmd := &cobra.Command{
		Use:     "outputs [stack…]",
		Short:   "Print what stacks export: ids, name servers, backend URLs, switch-role URLs",
		Example: "  coldstart outputs prod\n  coldstart outputs --json | jq .master.apexNameServers",
	}
	o.flags(cmd)
	cmd.ValidArgsFunction = o.completeStacks
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON object: stack, then output, then value")
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
	if o.json {
		return writeJSON(o.io.Out, all)
	}
	w := tabwriter.NewWriter(o.io.Out, 0, 0, 2, ' ', 0)
	for _, stack := range a.Stacks() {
		outputs := all[stack.Name]
		for _, name := range slices.Sorted(maps.Keys(outputs)) {
			writeOutput(w, stack.Name, name, outputs[name])
		}
	}
	return w.Flush()
}

// writeOutput writes a line a value: maps by their keys, lists by their items.
func writeOutput(w *tabwriter.Writer, stack, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			writeOutput(w, stack, name+"."+key, v[key])
		}
	case []any:
		for i, item := range v {
			writeOutput(w, stack, fmt.Sprintf("%s[%d]", name, i), item)
		}
	default:
		fmt.Fprintf(w, "%s\t%s\t%v\n", stack, name, v)
	}
}
