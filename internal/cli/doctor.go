package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/coldstart-aws/coldstart/doctor"
	"github.com/coldstart-aws/coldstart/internal/signin"
)

// DoctorOptions are those of `coldstart doctor`.
type DoctorOptions struct {
	declaration
	json bool
}

func newDoctor(io IO, run func(context.Context, *DoctorOptions) error) *cobra.Command {
	o := &DoctorOptions{declaration: declaration{io: io}}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out, before anything is run, whether a run can succeed",
		Long: `Doctor finds out whether a run can succeed: whether Pulumi, its plugins and, for
images, Docker are there, state can be kept and its secrets opened, no stack is
locked, and AWS takes the credentials; whether the organization can be created or
adopted, its accounts fit the quota and have addresses that are free, names of buckets
too; and where the domain is delegated to. It changes nothing in AWS, in the backend
or on disk.

Each line is ok, a warning (something to look at, or that couldn't be found out), a
failure (a run would fail of it), or skipped (it needs what another didn't find).
What to do about it stands beneath.

The exit code is 1 if there is a failure, and 0 otherwise.`,
		Example: "  coldstart doctor\n  coldstart doctor --json | jq '.[] | select(.status == \"failure\")'",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON list of {topic, check, status, found, remedy}")
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
	waiting := &waiting{w: o.io.Err, checks: map[string]bool{}}
	stop := waiting.start()
	findings := doctor.Examine(ctx, org, doctor.Options{Dir: o.dir, OnCheck: waiting.check})
	stop()
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.json {
		err = writeJSON(o.io.Out, findings)
	} else {
		writeFindings(o.io.Out, findings, styled(o.io.Out))
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(findings, func(f doctor.Finding) bool { return f.Status == doctor.Failure }) {
		return errReported
	}
	return nil
}

// styled reports whether a person looks at w who wants symbols and colour.
// https://no-color.org
func styled(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
}

// statusWords are how statuses are written, and statusStyles what a terminal
// shows before them: a symbol, in a colour.
var (
	statusWords  = map[doctor.Status]string{doctor.OK: "ok", doctor.Warning: "warning", doctor.Failure: "FAILURE", doctor.Skipped: "skipped"}
	statusStyles = map[doctor.Status]struct{ colour, symbol string }{
		doctor.OK:      {"\x1b[32m", "✓ "},
		doctor.Warning: {"\x1b[33m", "! "},
		doctor.Failure: {"\x1b[1;31m", "✗ "},
		doctor.Skipped: {"\x1b[2m", "- "},
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
				status = style.colour + style.symbol + status + "\x1b[0m"
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

// patience is for how long checks and proofs are under way without a word.
const patience = 2 * time.Second

// waiting says which checks are under way, if they take long.
type waiting struct {
	w      io.Writer
	mu     sync.Mutex
	checks map[string]bool
}

func (w *waiting) check(_, check string, done bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if done {
		delete(w.checks, check)
	} else {
		w.checks[check] = true
	}
}

// start says so every few seconds until the function that it returns is called.
func (w *waiting) start() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(patience); ; {
			select {
			case <-tick.C:
				w.say()
			case <-done:
				tick.Stop()
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

func (w *waiting) say() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.checks) > 0 {
		fmt.Fprintf(w.w, "still looking at: %s\n", strings.Join(slices.Sorted(maps.Keys(w.checks)), ", "))
	}
}
