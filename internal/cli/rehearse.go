package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/shell"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// RehearseOptions are those of `coldstart rehearse`.
type RehearseOptions struct {
	project
	emulator emulatorFlags
	keep     bool
	all      bool
	limits   float64
	faults   string
	plan     faults.Plan
}

func newRehearse(streams terminal.Streams, run func(context.Context, *RehearseOptions) error) *cobra.Command {
	o := &RehearseOptions{project: project{declaration: declaration{streams: streams}}}
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Run the whole cold start against a local AWS, and prove the result",
		Long: `Rehearse runs the cold start of Pulumi.master.yaml on this machine, with the real
Pulumi engine and the real AWS provider, against a local AWS emulator. It needs no
AWS account and touches none.

It previews the whole organization before anything exists, brings every stack up,
reads AWS back to prove that it is what was declared, and brings it up a second
time, which must change nothing. The table says what holds; the report, with all
figures, is ` + rehearsal.Dir + "/" + rehearsal.ReportFile + ` (docs/rehearsal.md).

With --all it goes on with what happens later: it moves the state into the management
account's bucket; previews, looks for drift and deploys as GitHub's workflows do, if
access.github is declared; destroys the stack of one member, and brings it up again.

With --limits AWS's own rates, quotas, waits and refusals hold before the emulator, so
many of AWS's seconds passing in one: with 1 a cold start takes as long as it takes AWS
to let it. The table says where the time went.

With --faults something goes wrong while it is brought up: calls to AWS fail or lose
their answers, or coldstart or its AWS plugin is killed. It is brought up again until
that succeeds, and then everything has to be as if nothing had happened.

The exit code is 0 only if every proof holds, the second up changed nothing, and nothing
of --all failed.`,
		Example: "  coldstart rehearse\n  coldstart rehearse --all\n  coldstart rehearse --limits 10\n  coldstart rehearse --faults seed=7\n  coldstart rehearse --faults action=iam:CreateRole:drop-after,call=120:kill",
		Args:    cobra.NoArgs,

		Annotations: map[string]string{withoutAWS: ""},
	}
	o.flags(cmd)
	o.emulator.flags(cmd)
	cmd.Flags().BoolVar(&o.keep, "keep", false, "keep the emulator running and keep the state, so that you can look at them")
	cmd.Flags().BoolVar(&o.all, "all", false, "go on with what happens later: the state's move, workflows, a member that is destroyed")
	cmd.Flags().Float64Var(&o.limits, "limits", 0, "have AWS's own limits, with so many of its seconds passing in one, such as 1 or 10")
	cmd.Flags().StringVar(&o.faults, "faults", "", "what goes wrong, such as seed=7 or call=120:drop-after (docs/rehearsal.md)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed("faults") {
			var err error
			if o.plan, err = faults.Parse(o.faults); err != nil {
				return usageError{fmt.Errorf("--faults: %w", err)}
			}
		}
		if o.limits < 0 || cmd.Flags().Changed("limits") && o.limits == 0 {
			return usageError{fmt.Errorf("--limits %g: write how many of AWS's seconds pass in one, such as 1 or 10", o.limits)}
		}
		if run == nil {
			run = rehearseRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func rehearseRun(ctx context.Context, o *RehearseOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	if err := seal(ctx, executable, o); err != nil {
		return err
	}
	shown := progress.New(o.streams)
	shown.Expect(org.Stacks())
	shown.ExpectPreview() // The first of the operations is one.
	stop := shown.Start(ctx)
	defer stop()
	emulator := o.emulator.options(shown.Say)
	emulator.Detached = o.keep
	report, running, err := rehearsal.Run(ctx, org, rehearsal.Options{
		Project:  o.dir,
		Parallel: o.parallel,
		Emulator: emulator,
		OnEvent:  shown.Event,
		OnPhase:  shown.Phase,

		All:        o.all,
		Limits:     o.limits,
		Faults:     o.plan,
		Executable: executable,
	})
	stop()
	if running != nil && !o.keep {
		defer func() { _ = running.Stop() }() // Nothing is lost with it.
	}
	if report != nil {
		writeReport(o.streams.Out, report)
		fmt.Fprintf(o.streams.Out, "\nThe report is %s\n", filepath.Join(o.dir, rehearsal.Dir, rehearsal.ReportFile))
	}
	if running != nil && o.keep {
		writeKept(o.streams.Out, running, filepath.Join(o.dir, rehearsal.Dir), org.Region)
	}
	if err != nil {
		return fmt.Errorf("the rehearsal came to no end: %w", err)
	}
	if !report.OK {
		return errReported
	}
	return nil
}

// seal starts this command again without the variables of the machine that have no
// business in a rehearsal, unless they are gone already. The emulator is installed before,
// which may take a proxy's settings.
func seal(ctx context.Context, executable string, o *RehearseOptions) error {
	environ := os.Environ()
	left := rehearsal.Sealed(environ)
	if len(left) == len(environ) {
		return nil
	}
	said := func(text string) { fmt.Fprintln(o.streams.Err, text) }
	if err := rehearsal.Install(ctx, o.emulator.options(said)); err != nil {
		return err
	}
	return replaceProcess(executable, os.Args, left)
}

// writeReport writes the proofs, the stacks and the figures.
func writeReport(w io.Writer, r *rehearsal.Report) {
	writeProofs(w, r.Proofs)
	fmt.Fprintln(w)
	table := terminal.NewTable(w, "STACK", "PREVIEW", "UP", "SECOND UP")
	for _, s := range r.Stacks {
		table.Row(s.Stack, describePhase(s.Preview), describePhase(s.Up), describePhase(s.SecondUp))
	}
	table.Row("all", inSeconds(r.Seconds.Preview), inSeconds(r.Seconds.Up), inSeconds(r.Seconds.SecondUp))
	_ = table.Flush() // The writer beneath is asked for nothing else.
	fmt.Fprintf(w, "\n%d accounts, %d resources, %.0f s in all, at most %.1f GiB of memory; emulator: %s\n",
		r.Accounts, r.Resources, r.Seconds.Total, float64(r.PeakMemoryBytes)/(1<<30), r.Emulator)
	writeOperations(w, r.Operations)
	writeLimits(w, r.Limits)
	writeFaults(w, r.Faults)
	for _, omitted := range r.Omitted {
		fmt.Fprintf(w, "not proved: %s\n", omitted)
	}
	if r.OK {
		fmt.Fprintf(w, "\nThe rehearsal went well: all %d proofs hold, and the second up changed nothing.\n", len(r.Proofs))
		return
	}
	fmt.Fprintf(w, "\nThe rehearsal FAILED:\n")
	for _, problem := range r.Problems {
		fmt.Fprintf(w, "- %s\n", strings.ReplaceAll(problem, "\n", "\n  "))
	}
}

// writeOperations writes what --all did.
func writeOperations(w io.Writer, operations []rehearsal.OperationReport) {
	if len(operations) == 0 {
		return
	}
	fmt.Fprintln(w)
	table := terminal.NewTable(w, "THEN", "RESULT", "TOOK")
	for _, o := range operations {
		result := o.Changes.String()
		switch {
		case o.Error != "":
			result = "failed"
		case o.Changes.Total() == 0:
			result = "done"
		}
		table.Row(o.Name, result, inSeconds(o.Seconds))
	}
	_ = table.Flush() // The writer beneath is asked for nothing else.
}

// heldUp is how many of the actions that AWS held up are worth a line.
const heldUp = 8

// writeLimits writes what AWS's limits did to bringing the organization up.
func writeLimits(w io.Writer, r *rehearsal.LimitReport) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "\nUnder AWS's limits, %g of AWS's seconds in one: %d accounts were asked for in %.1f s, which AWS's rate makes %.1f s at least.\n",
		r.Pace, r.Created, r.AskingSeconds, r.FloorSeconds)
	fmt.Fprintf(w, "%.1f s went before the first, %.1f s after the last until every stack was up.\n", r.BeforeSeconds, r.AfterSeconds)
	fmt.Fprintf(w, "%d calls, %d of them throttled, %d refused otherwise:\n", r.Calls.Calls, r.Calls.Throttled, r.Calls.Refused)
	table := terminal.NewTable(w)
	lines := 0
	for _, a := range r.Calls.Actions {
		if a.Throttled+a.Refused > 0 && lines < heldUp {
			lines++
			table.Row("  "+a.Action, fmt.Sprintf("%d calls", a.Calls), fmt.Sprintf("%d throttled", a.Throttled),
				fmt.Sprintf("%d refused", a.Refused), fmt.Sprintf("%s of AWS's waited", a.Waited.Round(time.Second)))
		}
	}
	_ = table.Flush() // The writer beneath is asked for nothing else.
}

// writeFaults writes what was made to go wrong, and how to have it again.
func writeFaults(w io.Writer, r *rehearsal.FaultReport) {
	if r == nil {
		return
	}
	runs := "runs"
	if r.Reruns == 1 {
		runs = "run"
	}
	fmt.Fprintf(w, "\nWhat was made to go wrong (--faults %s); it took %d more %s:\n", r.Plan, r.Reruns, runs)
	table := terminal.NewTable(w, "FAULT", "AT", "ACTION", "IN")
	for _, i := range r.Injected {
		at := "call"
		if i.Read {
			at = "read"
		}
		table.Row(i.Kind, fmt.Sprintf("%s %d", at, i.Call), fmt.Sprintf("%s@%d", i.Action, i.Number), i.Account)
	}
	_ = table.Flush() // The writer beneath is asked for nothing else.
	fmt.Fprintln(w)
}

func describePhase(p *rehearsal.PhaseReport) string {
	if p == nil {
		return "not run"
	}
	if p.Error != "" {
		return string(p.Status)
	}
	return fmt.Sprintf("%s, %s", p.Changes, inSeconds(p.Seconds))
}

func inSeconds(seconds float64) string { return fmt.Sprintf("%.1f s", seconds) }

// writeKept says how to look at what --keep left.
func writeKept(w io.Writer, emulator *rehearsal.Emulator, dir, region string) {
	fmt.Fprintf(w, "\nThe emulator runs on, as process %d, without AWS's rules in front of it. To look around, in this shell:\n\n", emulator.PID())
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	writeExports(w, rehearsal.Environment(emulator.Bare(), abs))
	fmt.Fprintf(w, "\n  pulumi stack --cwd %s --stack master\n  aws --region %s organizations list-accounts\n\nand in the end: kill %d\n", shell.Quote(abs), region, emulator.PID())
}
