package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// writeSteps lists what was, or would be, changed, by stack; deletions and
// replacements first. With all, properties of new resources are listed too.
func writeSteps(w io.Writer, result *automation.Result, all bool) {
	for i := range result.Stacks {
		s := &result.Stacks[i]
		if len(s.Steps) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s: %s\n", s.Stack, s.Changes)
		for _, step := range changes.Steps(s) {
			fmt.Fprintf(w, "  %-2s %-52s %s%s\n", changes.Symbol(step.Operation), changes.Type(step.Type), step.Name, changes.Left(step))
			for _, line := range changes.Diff(step, all) {
				fmt.Fprintf(w, "       %s %s\n", line.Sign, line.Text)
			}
		}
	}
}

// writeEffects lists what the steps mean, kind by kind: what can't be undone, what is
// refused, for what reason stacks failed, and what may be unexpected.
func writeEffects(w io.Writer, result *automation.Result, compared changes.Compared) {
	writeKinds(w, "This can't be undone", changes.Effects(result, automation.EffectFinal, compared))
	writeKinds(w, "This is refused", changes.Effects(result, automation.EffectRefused, compared))
	writeFailures(w, result)
	writeKinds(w, "Look at this", changes.Effects(result, automation.EffectNotable, compared))
}

// writeKinds writes the effects under a title, and a line for each stack.
func writeKinds(w io.Writer, title string, effects []changes.Effect) {
	for i, e := range effects {
		if i == 0 {
			fmt.Fprintf(w, "\n%s:\n", title)
		}
		fmt.Fprintf(w, "  %s\n", e.Says)
		for _, s := range e.ByStack(len(e.Subjects)) {
			names := make([]string, len(s.Names))
			for i, name := range s.Names {
				names[i] = changes.Visible(name)
			}
			fmt.Fprintf(w, "    %s: %s\n", s.Stack, strings.Join(names, ", "))
		}
	}
}

// writeFailures writes why stacks failed, once for those that say the same, or were
// skipped, and what they left under way.
func writeFailures(w io.Writer, result *automation.Result) {
	failed := map[string][]string{}
	for _, s := range result.Stacks {
		if s.Status == automation.StatusFailed {
			failed[s.Err.Error()] = append(failed[s.Err.Error()], s.Stack)
		}
	}
	for _, s := range result.Stacks {
		switch s.Status {
		case automation.StatusFailed:
			if same := failed[s.Err.Error()]; same[0] == s.Stack {
				fmt.Fprintf(w, "\n%s failed:\n%s\n", strings.Join(same, ", "), indent(s.Err.Error()))
			}
			writeUnfinished(w, s.Unfinished)
		case automation.StatusSkipped:
			fmt.Fprintf(w, "\n%s was skipped:\n%s\n", s.Stack, indent(s.Err.Error()))
		case automation.StatusSucceeded, automation.StatusAbsent:
		}
	}
}

// writeSummary writes a table of stacks, for each that failed why, and what to run again.
func writeSummary(w io.Writer, result *automation.Result) {
	writeTable(w, result)
	writeFailures(w, result)
	writeRest(w, result)
}

// writeTable writes a table of stacks.
func writeTable(w io.Writer, result *automation.Result) {
	fmt.Fprintln(w)
	table := terminal.NewTable(w, "STACK", "STATUS", "CHANGES", "TIME")
	for _, s := range result.Stacks {
		table.Row(s.Stack, s.Status, s.Changes, s.Duration.Round(100*time.Millisecond))
	}
	table.Row("all", "", result.Changes(), result.Duration.Round(100*time.Millisecond))
	_ = table.Flush() // The writer beneath is asked for nothing else.
}

// writeRest writes what stays after a destroy, warnings, and what to run again.
func writeRest(w io.Writer, result *automation.Result) {
	for _, s := range result.Stacks {
		if len(s.Kept) > 0 {
			fmt.Fprintf(w, "\n%s: what stays in AWS, and the next up takes over again:\n", s.Stack)
			writeStaying(w, s.Kept)
		}
	}
	for _, warning := range result.Warnings {
		fmt.Fprintf(w, "\nWarning: %s\n", warning)
	}
	var again []string
	for _, s := range result.Stacks {
		if s.Status == automation.StatusFailed || s.Status == automation.StatusSkipped {
			again = append(again, s.Stack)
		}
	}
	if len(again) > 0 {
		fmt.Fprintf(w, "\nWhen that is put right, run again:\n  coldstart %s %s\n", result.Operation, strings.Join(again, " "))
	}
}

// writeCreations says how long AWS takes at least for the accounts that are to be
// created, if that is a while and the pace says something.
func writeCreations(w io.Writer, preview *automation.Result, p pace.Pace) {
	n := 0
	for _, s := range preview.Stacks {
		for _, step := range s.Steps {
			if changes.CreatesAccount(step.Resource) {
				n++
			}
		}
	}
	if p <= 0 || n <= pace.CreateAccount.Burst {
		return
	}
	rate := pace.CreateAccount.At(p)
	fmt.Fprintf(w, "\nCreating %d accounts takes %s at least: AWS accepts %d requests at once, and then one every %s.\n",
		n, rate.Least(n), rate.Burst, rate.Interval())
}

// writeUnfinished lists what an interruption left half-made.
func writeUnfinished(w io.Writer, left []automation.Resource) {
	left = slices.DeleteFunc(slices.Clone(left), changes.Groups)
	if len(left) == 0 {
		return
	}
	fmt.Fprintln(w, "  It left under way, and the next run finds out what became of it:")
	for _, r := range left {
		fmt.Fprintf(w, "  - %s of %s %s\n", r.Operation, changes.Type(r.Type), r.Name)
	}
}
