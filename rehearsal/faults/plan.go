package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Kind is what happens to a call, or to who makes it.
type Kind string

// What can happen.
const (
	Error500 Kind = "500"      // the service fails, and does nothing
	Error503 Kind = "503"      // the service isn't there
	Throttle Kind = "throttle" // the call comes too early
	// Timeout holds the answer back, and breaks the connection in the end. The
	// call took effect.
	Timeout Kind = "timeout"
	// DropBefore breaks the connection before the call took effect, DropAfter when
	// it has: the client can't tell the one from the other.
	DropBefore Kind = "drop-before"
	DropAfter  Kind = "drop-after"
	// Kill ends coldstart and all that it has started, before or after the call
	// took effect: a machine that is gone.
	Kill      Kind = "kill"
	KillAfter Kind = "kill-after"
	// KillColdstart ends coldstart alone. Its Pulumi goes on until it notices.
	KillColdstart Kind = "kill-coldstart"
	// KillProvider ends the run's AWS plugins, before or after the call took effect.
	KillProvider      Kind = "kill-provider"
	KillProviderAfter Kind = "kill-provider-after"
)

// Kinds are all of them.
var Kinds = []Kind{
	Error500, Error503, Throttle, Timeout, DropBefore, DropAfter,
	Kill, KillAfter, KillColdstart, KillProvider, KillProviderAfter,
}

// Kills reports whether coldstart is killed.
func (k Kind) Kills() bool { return k == Kill || k == KillAfter || k == KillColdstart }

// repeats reports whether a client that tries again can meet it again.
func (k Kind) repeats() bool { return slices.Index(Kinds, k) < slices.Index(Kinds, Kill) }

// Fault is something that happens at some point. Just one of Call, Read, Every and
// Action is set.
type Fault struct {
	// Call is a number: that of a call that changes something, of all accounts'
	// together. Read is that of a call that doesn't.
	Call, Read int
	// Every is how often it happens: at each so many calls that change something.
	Every int
	// Action is a service's, such as iam:CreateRole, and Number which of its calls.
	Action string
	Number int
	Kind   Kind
	// Attempts is how many attempts at the same call it hits. An SDK makes three,
	// by default, before it gives up.
	Attempts int
}

// String returns a fault as Parse takes it.
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

// Plan is what is to go wrong.
type Plan []Fault

// String returns the plan as Parse takes it. What came of a seed is spelled out, so
// that it is the same with every version of this package.
func (p Plan) String() string {
	texts := make([]string, len(p))
	for i, f := range p {
		texts[i] = f.String()
	}
	return strings.Join(texts, ",")
}

// Kills reports whether coldstart is killed by it.
func (p Plan) Kills() bool {
	return slices.ContainsFunc(p, func(f Fault) bool { return f.Kind.Kills() })
}

// Changes and Reads are about how many calls a small organization's cold start
// makes: one of three accounts. It is among those that seeds choose.
const (
	Changes = 170
	Reads   = 550
)

// outlastingAttempts is how many attempts outlast an SDK's.
const outlastingAttempts = 3

// FromSeed returns a plan of one fault, the same one for the same seed, somewhere in
// a cold start of so many calls that change something. Some three times as many
// read.
func FromSeed(seed uint64, changes int) Plan {
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // It has to be the same again.
	f := Fault{Kind: Kinds[r.IntN(len(Kinds))], Attempts: 1}
	// What is read is what is waited for as well, so kills belong there too.
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
