package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Kind is what happens to a call, or to the processes that make it.
type Kind string

// The kinds of faults.
const (
	Error500 Kind = "500"      // an internal error of the service; the call has no effect
	Error503 Kind = "503"      // the service isn't available; the call has no effect
	Throttle Kind = "throttle" // the service throttles the call, which has no effect
	// Timeout holds the answer back for Options.Timeout, and then breaks the connection. The
	// call has taken effect.
	Timeout Kind = "timeout"
	// DropBefore breaks the connection before the call takes effect, DropAfter afterwards. A
	// client can't tell the one from the other.
	DropBefore Kind = "drop-before"
	DropAfter  Kind = "drop-after"
	// Kill and KillAfter kill coldstart and all processes that it has started, as when the
	// machine breaks down: Kill before the call takes effect, KillAfter afterwards.
	Kill      Kind = "kill"
	KillAfter Kind = "kill-after"
	// KillColdstart kills coldstart alone. The call takes effect, and the Pulumi that coldstart
	// has started goes on until it notices.
	KillColdstart Kind = "kill-coldstart"
	// KillProvider and KillProviderAfter kill the AWS plugins: KillProvider before the call
	// takes effect, KillProviderAfter afterwards.
	KillProvider      Kind = "kill-provider"
	KillProviderAfter Kind = "kill-provider-after"
)

// Kinds are all kinds of faults: first those that can repeat, then those that kill. What a seed
// chooses depends on their number and order.
var Kinds = []Kind{
	Error500, Error503, Throttle, Timeout, DropBefore, DropAfter,
	Kill, KillAfter, KillColdstart, KillProvider, KillProviderAfter,
}

// Kills reports whether the fault kills coldstart.
func (k Kind) Kills() bool { return k == Kill || k == KillAfter || k == KillColdstart }

// repeats reports whether the fault can hit several attempts at one call.
func (k Kind) repeats() bool { return slices.Index(Kinds, k) < slices.Index(Kinds, Kill) }

// Fault is a kind of fault and the point at which it happens. Exactly one of Call, Read, Every
// and Action is set. Calls are counted from 1, over all accounts.
type Fault struct {
	// Call is the number of a call among those that change something. Read is the number of a
	// call among those that don't.
	Call, Read int
	// Every makes the fault happen at every so many calls that change something, such as at
	// calls 50, 100 and 150 for 50.
	Every int
	// Action is a service and its action, such as iam:CreateRole. Number is the number of the
	// call among the calls of this action.
	Action string
	Number int
	Kind   Kind
	// Attempts is how many attempts at the same call the fault hits. By default, an AWS SDK
	// makes three attempts before it gives up.
	Attempts int
}

// String returns the fault in the form that Parse takes.
func (f Fault) String() string {
	var at string
	switch {
	case f.Call > 0:
		at = fmt.Sprintf("call=%d", f.Call)
	case f.Read > 0:
		at = fmt.Sprintf("read=%d", f.Read)
	case f.Every > 0:
		at = fmt.Sprintf("every=%d", f.Every)
	case f.Number > 1:
		at = fmt.Sprintf("action=%s@%d", f.Action, f.Number)
	default:
		at = "action=" + f.Action
	}
	if f.Attempts > 1 {
		return fmt.Sprintf("%s:%s*%d", at, f.Kind, f.Attempts)
	}
	return at + ":" + string(f.Kind)
}

// Plan is the list of faults to inject.
type Plan []Fault

// String returns the plan in the form that Parse takes. It has the faults that a seed has
// chosen in place of the seed, so that every version of this package reads the same plan.
func (p Plan) String() string {
	texts := make([]string, len(p))
	for i, f := range p {
		texts[i] = f.String()
	}
	return strings.Join(texts, ",")
}

// Kills reports whether a fault of the plan kills coldstart.
func (p Plan) Kills() bool {
	return slices.ContainsFunc(p, func(f Fault) bool { return f.Kind.Kills() })
}

// Changes and Reads are about the numbers of calls of the cold start of a small organization,
// with three accounts: calls that change something, and calls that don't. A seed without a
// number of calls chooses among the first Changes calls.
const (
	Changes = 170
	Reads   = 550
)

// outlastingAttempts is the number of attempts after which an AWS SDK gives up.
const outlastingAttempts = 3

// FromSeed returns a plan of one random fault, always the same fault for the same arguments.
// The fault happens within a cold start that makes the given number of calls that change
// something, and about three times as many calls that don't.
func FromSeed(seed uint64, changes int) Plan {
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // It has to be the same again.
	f := Fault{Kind: Kinds[r.IntN(len(Kinds))], Attempts: 1}
	// coldstart also waits by reading, such as for an account, and has to survive a kill then.
	if point := 1 + r.IntN(changes); f.Kind.repeats() || r.IntN(2) == 0 {
		f.Call = point
	} else {
		f.Read = point * Reads / Changes
	}
	if again := r.IntN(2) == 0; again && f.Kind.repeats() {
		f.Attempts = outlastingAttempts
	}
	return Plan{f}
}
