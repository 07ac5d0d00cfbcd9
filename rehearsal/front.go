package rehearsal

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// upLog is the file in Dir that has what a coldstart that is to be killed printed.
const upLog = "up.log"

// front is what stands between a rehearsal and its emulator, if anything does.
type front struct {
	// emulator is what the rehearsal works with: behind the front, if there is one.
	emulator *Emulator
	server   *limits.Server   // nil for none
	faults   *faults.Injector // nil for none
	// victim is the process that faults kill, with what it has started. It is this
	// one while only plugins can be killed.
	victim atomic.Int64
	dir    string
	// pace is how many of AWS's seconds pass in one; 0 without AWS's limits.
	pace  float64
	asked asked
}

// quick is how many of AWS's seconds pass in one if only faults are asked for. AWS's
// rules stand there all the same: where an answer was lost and the call is made
// again, the emulator makes a second account or delegation set, and AWS doesn't.
const quick = 60

// startFront puts a proxy before the emulator if AWS's limits are to hold, or
// something is to go wrong.
func (o *Options) startFront(org *organization.Organization, emulator *Emulator, dir string) (*front, error) {
	f := &front{emulator: emulator, dir: dir, pace: o.Limits}
	f.victim.Store(int64(os.Getpid()))
	if len(o.Faults) == 0 && o.Limits == 0 {
		return f, nil
	}
	numbers := limits.Published()
	// As if the quota had been raised in time: `coldstart doctor` says whether it is.
	numbers.Accounts.Most = max(numbers.Accounts.Most, len(org.Accounts)+1)
	options := limits.Options{Scale: quick, Rules: limits.Unhurried, Numbers: &numbers, OnCall: f.asked.call}
	if o.Limits > 0 {
		options.Scale, options.Rules = o.Limits, limits.Rules
	}
	if len(o.Faults) > 0 {
		f.faults = faults.New(o.Faults, faults.Options{Kill: f.kill})
		options.Rules = f.faults.Before(options.Rules)
	}
	var err error
	f.server, err = limits.Start(emulator.endpoint, options)
	if err != nil {
		return nil, fmt.Errorf("starting the proxy before the emulator: %w", err)
	}
	// Whoever stops the emulator has the original.
	f.emulator = &Emulator{endpoint: f.server.Endpoint(), version: emulator.version, pace: o.Limits}
	return f, nil
}

// kill kills the coldstart that runs as a process of its own, or plugins.
func (f *front) kill(v faults.Victim) { faults.KillTree(int(f.victim.Load()))(v) }

func (f *front) close() {
	if f.server != nil {
		_ = f.server.Close() // Nobody is asked for anything any more.
	}
}

func (f *front) log() string { return filepath.Join(f.dir, upLog) }
