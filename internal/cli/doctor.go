package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/doctor"
	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/signin"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// DoctorOptions are those of `coldstart doctor`.
type DoctorOptions struct {
	declaration
	jsonOption
}

func newDoctor(streams terminal.Streams, run func(context.Context, *DoctorOptions) error) *cobra.Command {
	o := &DoctorOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out, before anything is run, whether a run can succeed",
		Long: `Doctor checks whether a run can succeed:
  - this machine: Pulumi, its plugins and, for images, a Docker daemon
  - the backend: the state can be read and written, its secrets can be decrypted, and
    no stack is locked
  - AWS: the credentials work, the organization can be created or adopted, the accounts
    fit the quota, and their e-mail addresses and the names of buckets are free
  - DNS: the name servers to which the domain is delegated
It changes nothing in AWS, in the backend or on disk.

Each line is ok, a warning (something to look at, or something that couldn't be found
out), a failure (a run would fail), or skipped (the check needs the result of another
check that failed). The line below says what to do.

The exit code is 1 if there is a failure, and 0 otherwise.`,
		Example: "  coldstart doctor\n  coldstart doctor --json | jq '.[] | select(.status == \"failure\")'",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	o.jsonFlag(cmd, "a JSON list of {topic, check, status, found, remedy}")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = doctorRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func doctorRun(ctx context.Context, o *DoctorOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	signin.Ask(ctx)
	checks := progress.NewChecks(o.streams.Err)
	stop := checks.Start()
	findings := doctor.Examine(ctx, org, doctor.Options{Dir: o.dir, OnCheck: checks.Event})
	stop()
	if err := ctx.Err(); err != nil {
		return err
	}
	err = o.output(o.streams.Out, findings, func(w io.Writer) error {
		writeFindings(w, findings, terminal.Styled(w))
		return nil
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(findings, func(f doctor.Finding) bool { return f.Status == doctor.Failure }) {
		return errReported
	}
	return nil
}

// statusWords are how statuses are written, and statusStyles what a terminal
// shows before them: a symbol, in a colour.
var (
	statusWords  = map[doctor.Status]string{doctor.OK: "ok", doctor.Warning: "warning", doctor.Failure: "FAILURE", doctor.Skipped: "skipped"}
	statusStyles = map[doctor.Status]struct {
		terminal.Style
		symbol string
	}{
		doctor.OK:      {terminal.Green, "✓ "},
		doctor.Warning: {terminal.Yellow, "! "},
		doctor.Failure: {terminal.BoldRed, "✗ "},
		doctor.Skipped: {terminal.Faint, "- "},
	}
)

// writeFindings writes a line for each finding, by topic, then how many there are
// of each status, and what to run next.
func writeFindings(w io.Writer, findings []doctor.Finding, styled bool) {
	width, counts := 0, map[doctor.Status]int{}
	for _, f := range findings {
		width = max(width, utf8.RuneCountInString(f.Check))
		counts[f.Status]++
	}
	for _, topic := range doctor.Topics {
		fmt.Fprintf(w, "%s\n", topic)
		for _, f := range findings {
			if f.Topic != topic {
				continue
			}
			status := fmt.Sprintf("%-7s", statusWords[f.Status])
			if style := statusStyles[f.Status]; styled {
				status = style.Begin() + style.symbol + status + "\x1b[0m"
			}
			fmt.Fprintf(w, "  %s  %-*s  %s\n", status, width, f.Check, f.Found)
			if f.Remedy != "" {
				fmt.Fprintf(w, "           to do: %s\n", f.Remedy)
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d ok, %d warnings, %d failures", counts[doctor.OK], counts[doctor.Warning], counts[doctor.Failure])
	if n := counts[doctor.Skipped]; n > 0 {
		fmt.Fprintf(w, ", %d skipped", n)
	}
	if counts[doctor.Failure] > 0 {
		fmt.Fprintln(w, ". Put the failures right, and run again: coldstart doctor")
		return
	}
	fmt.Fprintln(w, ". Next: coldstart preview, then coldstart up")
}
