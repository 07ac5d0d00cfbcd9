package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// mostReruns is how often a failed run is repeated. Once is enough after a single fault.
const mostReruns = 3

// bringUp brings the organization up. If a run fails while faults are injected, it repeats the run.
// After the last run the injection ends.
func (o *Options) bringUp(ctx context.Context, a *automation.Automation, f *front, r *Report) (*automation.Result, error) {
	if f.faults == nil {
		return a.Up(ctx)
	}
	r.Faults = &FaultReport{Plan: o.Faults.String()}
	result, err := o.disturbed(ctx, a, f, r.Faults)
	f.faults.Stop()
	r.Faults.Injected = f.faults.Injected()
	if pending := f.faults.Pending(); err == nil && len(pending) > 0 {
		changes, reads := f.faults.Calls()
		r.Problems = append(r.Problems, fmt.Sprintf(
			"never happened: %s: it took %d calls that change something, and %d that don't", pending, changes, reads))
	}
	return result, err
}

func (o *Options) disturbed(ctx context.Context, a *automation.Automation, f *front, report *FaultReport) (*automation.Result, error) {
	// Each kill is a fault of its own, which costs one more run.
	most := mostReruns + len(slices.DeleteFunc(slices.Clone(o.Faults), func(f faults.Fault) bool { return !f.Kind.Kills() }))
	for f.faults.Pending().Kills() && report.Reruns < most {
		up, err := o.killed(ctx, f)
		if err != nil {
			return nil, err
		}
		if up {
			break
		}
		report.Reruns++
		o.phase(fmt.Sprintf("bringing it up again, since coldstart was killed or failed: %d of at most %d", report.Reruns, most))
	}
	if f.faults.Pending().Kills() {
		f.faults.Stop() // This process must not be killed.
	}
	for {
		result, err := a.Up(ctx)
		if err != nil || result.Err() == nil || report.Reruns >= most {
			return result, err
		}
		report.Reruns++
		o.phase(fmt.Sprintf("bringing it up again, since that failed: %d of at most %d", report.Reruns, most))
	}
}

// killed brings the organization up in a separate process, which can be killed, and reports whether
// that process was successful. It doesn't report errors, because the next run meets them again.
func (o *Options) killed(ctx context.Context, f *front) (up bool, _ error) {
	log, err := os.OpenFile(f.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return false, err
	}
	defer func() { _ = log.Close() }()
	args := []string{"up", "--yes", "--dir", f.dir, "--secrets-provider", f.secrets}
	if o.Parallel > 0 {
		args = append(args, "--parallel", strconv.Itoa(o.Parallel))
	}
	cmd := exec.CommandContext(ctx, o.Executable, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = onlyNamed(os.Environ(), passedVariables)
	for name, value := range o.environment(f) {
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("starting a coldstart that is to be killed: %w", err)
	}
	f.victim.Store(int64(cmd.Process.Pid))
	defer f.victim.Store(int64(os.Getpid()))
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) {
		return err == nil, ctx.Err()
	}
	return false, err
}
