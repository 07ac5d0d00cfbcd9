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

// mostReruns is how often what went wrong is run again. Once is enough after a
// single fault.
const mostReruns = 3

// bringUp brings the organization up; while faults happen, again as often as it
// takes. From then on nothing goes wrong any more.
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
	most := mostReruns
	for next := f.faults.Pending(); next.Kills(); next = f.faults.Pending() {
		if err := o.killed(ctx, f); err != nil {
			return nil, err
		}
		report.Reruns++
		most++ // Each of them is a fault of its own.
		if !fewer(f.faults.Pending(), next) {
			break // It came to its end, or will get no further: a run that tells more says why.
		}
		o.phase("bringing it up again, since coldstart was killed")
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

// fewer reports whether one of the faults that kill has happened.
func fewer(now, before faults.Plan) bool {
	kills := func(p faults.Plan) int {
		return len(slices.DeleteFunc(slices.Clone(p), func(f faults.Fault) bool { return !f.Kind.Kills() }))
	}
	return kills(now) < kills(before)
}

// killed brings the organization up in a process of its own, which can be killed.
// How that ends is seen by the next run.
func (o *Options) killed(ctx context.Context, f *front) error {
	log, err := os.OpenFile(f.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	args := []string{"up", "--yes", "--dir", f.dir}
	if o.Parallel > 0 {
		args = append(args, "--parallel", strconv.Itoa(o.Parallel))
	}
	up := exec.CommandContext(ctx, o.Executable, args...)
	up.Cancel = func() error { return up.Process.Signal(os.Interrupt) }
	up.Env = os.Environ()
	for name, value := range Environment(f.emulator, f.dir) {
		up.Env = append(up.Env, name+"="+value)
	}
	up.Stdout, up.Stderr = log, log
	if err := up.Start(); err != nil {
		return fmt.Errorf("starting a coldstart that is to be killed: %w", err)
	}
	f.victim.Store(int64(up.Process.Pid))
	defer f.victim.Store(int64(os.Getpid()))
	err = up.Wait()
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) {
		return ctx.Err()
	}
	return err
}
