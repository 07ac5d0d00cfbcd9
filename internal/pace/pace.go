// Package pace knows how fast AWS lets accounts come and go, and keeps to it:
// who is throttled and tries again is slower than who comes when it is time, and
// takes others' calls from them.
//
//	creations := pace.NewTurns(pace.CreateAccount, 1)
//	if err := creations.Wait(ctx, i); err != nil {
//		return err
//	}
package pace

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
)

// Rate is how often AWS Organizations takes a call.
type Rate struct {
	// PerSecond and Burst are those of a token bucket.
	PerSecond float64
	Burst     int
	// AtOnce is how many of what is asked for may be under way.
	AtOnce int
}

// AWS's rates: awslimits has their source.
var (
	CreateAccount = published("CreateAccount", awslimits.Published().CreatedAtOnce)
	CloseAccount  = published("CloseAccount", awslimits.Published().ClosedAtOnce)
)

// published returns the rate of an action of AWS Organizations.
func published(action string, atOnce awslimits.Quota) Rate {
	r := awslimits.Published().Rates["organizations:"+action]
	return Rate{PerSecond: r.PerSecond, Burst: int(r.Burst), AtOnce: atOnce.Most}
}

// Finalizing is for how long a new organization isn't asked for accounts. AWS says that
// it may take up to an hour until it is ready, and gives no other number; seconds as a
// rule. Whoever asks too early is refused, and has spent one of the few requests that
// AWS takes at once.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
const Finalizing = 20 * time.Second

// Pace is how many of AWS's seconds pass in one: 1 for AWS itself, and more for an
// emulator that a proxy holds to AWS's rates in a shorter time. At a pace of 0 there is
// nothing to wait for.
type Pace float64

// Real returns how long a while of AWS's takes; 0 at a pace of 0.
func (p Pace) Real(d time.Duration) time.Duration {
	if p <= 0 {
		return 0
	}
	return time.Duration(float64(d) / float64(p))
}

// String returns the pace as FromEnvironment reads it.
func (p Pace) String() string { return strconv.FormatFloat(float64(p), 'g', -1, 64) }

// Sleep waits for a while of AWS's, or until ctx ends.
func (p Pace) Sleep(ctx context.Context, d time.Duration) error {
	if p <= 0 {
		return nil
	}
	select {
	case <-time.After(p.Real(d)):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Interval is how long it takes until another call is let through.
func (r Rate) Interval() time.Duration {
	return time.Duration(float64(time.Second) / r.PerSecond).Round(time.Millisecond)
}

// At returns the rate at a pace.
func (r Rate) At(p Pace) Rate {
	r.PerSecond *= float64(p)
	return r
}

// Least returns how long it takes at least until the last of n calls is let
// through, when there were none before.
func (r Rate) Least(n int) time.Duration {
	return r.Left(n, nil, time.Time{})
}

// Left returns how long it takes at least from now on until the last of n calls is
// let through, after those at the given times, in their order.
func (r Rate) Left(n int, before []time.Time, now time.Time) time.Duration {
	bucket := r.bucket()
	for _, call := range before {
		bucket.ReserveN(call, 1)
	}
	missing := float64(n) - bucket.TokensAt(now)
	return max(0, time.Duration(missing/r.PerSecond*float64(time.Second))).Round(time.Millisecond)
}

func (r Rate) bucket() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst)
}

// Turns lets callers go at a rate. A nil Turns lets everybody go at once.
type Turns struct {
	limiter *rate.Limiter

	mu      sync.Mutex
	waiting []*turn // in the order in which they go
	// timer is for the next turn; nil if nobody waits for time to pass.
	timer *time.Timer
}

type turn struct {
	number int
	come   chan struct{} // closed when it has
}

// NewTurns returns turns at a rate and a pace; nil at a pace of 0.
func NewTurns(r Rate, p Pace) *Turns {
	if p <= 0 {
		return nil
	}
	return &Turns{limiter: r.At(p).bucket()}
}

// Wait returns when the caller's turn has come, or ctx has ended. Of those who
// wait, who has the lowest number goes first.
func (t *Turns) Wait(ctx context.Context, number int) error {
	if t == nil {
		return nil
	}
	mine := t.enter(number)
	select {
	case <-mine.come:
		return nil
	case <-ctx.Done():
		t.leave(mine)
		return context.Cause(ctx)
	}
}

func (t *Turns) enter(number int) *turn {
	mine := &turn{number: number, come: make(chan struct{})}
	t.mu.Lock()
	defer t.mu.Unlock()
	i, _ := slices.BinarySearchFunc(t.waiting, number, func(other *turn, number int) int { return cmp.Compare(other.number, number) })
	t.waiting = slices.Insert(t.waiting, i, mine)
	t.call()
	return mine
}

func (t *Turns) leave(mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(other *turn) bool { return other == mine })
}

// call lets those go whose turn has come, and calls again when the next one's
// has. The lock is held.
func (t *Turns) call() {
	for t.timer == nil && len(t.waiting) > 0 {
		now := time.Now()
		token := t.limiter.ReserveN(now, 1)
		if delay := token.DelayFrom(now); delay > 0 {
			// It is for whoever is first by then.
			token.CancelAt(now)
			t.timer = time.AfterFunc(delay, t.callAgain)
			return
		}
		close(t.waiting[0].come)
		t.waiting = t.waiting[1:]
	}
}

func (t *Turns) callAgain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = nil
	t.call()
}
