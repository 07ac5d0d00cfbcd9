package rehearsal

import (
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// upLog is the file in Dir that has what a coldstart that is to be killed printed.
const upLog = "up.log"

// front is what stands between a rehearsal and its emulator besides AWS's refusals.
type front struct {
	emulator *Emulator
	faults   *faults.Injector // nil for none
	// options are those of the rules before the emulator; nil for AWS's refusals alone.
	options *proxy.Options
	// victim is the process that faults kill, with what it has started. It is this
	// one while only plugins can be killed.
	victim atomic.Int64
	dir    string
	// home is PULUMI_HOME.
	home string
	// secrets is what encrypts the secrets of the stacks.
	secrets string
	// pace is 0 without AWS's limits.
	pace  pace.Pace
	asked asked
}

// newFront says what is in front of the emulator: AWS's limits, if they are to hold,
// and what is to go wrong. The emulator isn't there yet.
func (o *Options) newFront(org *organization.Organization, dir string) *front {
	f := &front{dir: dir, pace: pace.Pace(o.Limits)}
	f.victim.Store(int64(os.Getpid()))
	if len(o.Faults) == 0 && o.Limits == 0 {
		return f
	}
	numbers := limits.Published()
	// As if the quota had been raised in time: `coldstart doctor` says whether it is.
	numbers.Accounts.Most = max(numbers.Accounts.Most, len(org.Accounts)+1)
	rules := limits.Options{Numbers: &numbers}
	options := limits.Refusals()
	options.Rules, options.OnCall = rules.Unhurried, f.asked.call
	if o.Limits > 0 {
		options.Scale, options.Rules = o.Limits, rules.Rules
	}
	if len(o.Faults) > 0 {
		f.faults = faults.New(o.Faults, faults.Options{Kill: f.kill})
		options.Rules = f.faults.Before(options.Rules)
	}
	f.options = &options
	return f
}

// kill kills the coldstart that runs as a process of its own, or plugins.
func (f *front) kill(v faults.Victim) { faults.KillTree(int(f.victim.Load()))(v) }

func (f *front) log() string { return filepath.Join(f.dir, upLog) }
