package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// maxJobs is how many jobs a matrix may have: GitHub's limit is 256, and can be
// read as one of the whole run. https://docs.github.com/en/actions/reference/limits
const maxJobs = 250

// noWave is what --matrix is when it isn't given.
const noWave = -1

// StacksOptions are those of `coldstart stacks`.
type StacksOptions struct {
	declaration
	jsonOption
	matrix, jobs int
}

func newStacks(streams terminal.Streams, run func(context.Context, *StacksOptions) error) *cobra.Command {
	o := &StacksOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "stacks",
		Short: "List the stacks: what each is for, which come before it, and its wave",
		Long: `Stacks lists the stacks of Pulumi.master.yaml with their waves. The stacks of a wave can
run at the same time, on any number of machines, when the waves before it are done. Wave
0 is master. If each account has a trail of its own, wave 1 is the audit account and wave
2 the other accounts. Otherwise wave 1 is all of them.

--matrix prints a wave on one line, for the matrix of a GitHub workflow, which has at most
256 jobs: {"include":[{"stacks":"corp data"},…]}. Each job runs its stacks concurrently,
with one command. A wave without stacks has no jobs.`,
		Example: `  coldstart stacks
  coldstart stacks --json | jq -r '.[] | select(.wave == 1) | .stack'
  coldstart stacks --matrix 1 --jobs 20`,
		Args: cobra.NoArgs,
	}
	o.flags(cmd)
	o.jsonFlag(cmd, "a JSON list of {stack, kind, wave, dependsOn}")
	cmd.Flags().IntVar(&o.matrix, "matrix", noWave, "print the jobs of this wave")
	cmd.Flags().IntVar(&o.jobs, "jobs", maxJobs, "how many jobs there are at most; more stacks share one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = stacksRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func stacksRun(_ context.Context, o *StacksOptions) error {
	if o.json && o.matrix != noWave {
		return usageError{errors.New("--json and --matrix: write one of them")}
	}
	if o.matrix < noWave || o.jobs < 1 || o.jobs > maxJobs {
		return usageError{fmt.Errorf("--matrix %d --jobs %d: write a wave, from 0, and 1 to %d jobs", o.matrix, o.jobs, maxJobs)}
	}
	org, err := o.load()
	if err != nil {
		return err
	}
	stacks := waves(org)
	switch {
	case o.json:
		return writeJSON(o.streams.Out, stacks)
	case o.matrix != noWave:
		return json.NewEncoder(o.streams.Out).Encode(matrix(stacks, o.matrix, o.jobs))
	default:
		return writeStacks(o.streams.Out, stacks)
	}
}

// listedStack is a stack in the list.
type listedStack struct {
	Stack     string            `json:"stack"`
	Kind      organization.Kind `json:"kind"`
	Wave      int               `json:"wave"`
	DependsOn []string          `json:"dependsOn"`
}

// waves returns the stacks, each with its wave.
func waves(org *organization.Organization) []listedStack {
	wave := map[string]int{}
	var stacks []listedStack
	for _, s := range org.Stacks() { // Each comes after those that it depends on.
		for _, on := range s.Before() {
			wave[s.Name] = max(wave[s.Name], wave[on]+1)
		}
		stacks = append(stacks, listedStack{s.Name, s.Kind, wave[s.Name], append([]string{}, s.Before()...)})
	}
	return stacks
}

// jobMatrix is what a workflow's strategy.matrix takes.
type jobMatrix struct {
	Include []matrixJob `json:"include"`
}

type matrixJob struct {
	// Stacks are names with spaces in between.
	Stacks string `json:"stacks"`
}

// matrix divides the stacks of a wave evenly.
func matrix(stacks []listedStack, wave, jobs int) jobMatrix {
	var names []string
	for _, s := range stacks {
		if s.Wave == wave {
			names = append(names, s.Stack)
		}
	}
	jobs = min(jobs, len(names))
	m := jobMatrix{Include: []matrixJob{}}
	for i := range jobs {
		share := names[i*len(names)/jobs : (i+1)*len(names)/jobs]
		m.Include = append(m.Include, matrixJob{strings.Join(share, " ")})
	}
	return m
}

func writeStacks(w io.Writer, stacks []listedStack) error {
	table := terminal.NewTable(w, "STACK", "KIND", "WAVE", "DEPENDS ON")
	for _, s := range stacks {
		table.Row(s.Stack, s.Kind, s.Wave, strings.Join(s.DependsOn, ", "))
	}
	return table.Flush()
}
