// Package pace keeps calls within the rates at which AWS creates and closes accounts. A client
// that AWS throttles and that retries is slower than a client that waits for its turn, and may
// take the turn of another client.
//
//	creations := pace.NewTurns(pace.CreateAccount, 1)
//	if err := creations.Wait(ctx, i); err != nil {
//		return err // The context has ended.
//	}
//	// Now call CreateAccount.
//
// Several goroutines may use a Turns at the same time. All other types are plain values.
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

// Rate is the rate at which AWS Organizations accepts calls of an action.
type Rate struct {
	// PerSecond and Burst describe a token bucket: it gets PerSecond tokens in a second, and
	// holds at most Burst tokens. Each call takes one token.
	PerSecond float64
	Burst     int
	// AtOnce is how many of the things AWS works on at the same time: accounts that it creates, or closes.
	AtOnce int
}

// The rates that AWS publishes. Package awslimits has their sources.
var (
	CreateAccount = published("CreateAccount", awslimits.Published().CreatedAtOnce)
	CloseAccount  = published("CloseAccount", awslimits.Published().ClosedAtOnce)
)

// IdentityCenter is the rate at which resources of IAM Identity Center are created and updated, whose APIs AWS counts together. The AWS plugin
// makes up to four calls for each. Half of the rate is left for calls that come late and all at once. AtOnce is how many assignments AWS creates or deletes at the
// same time.
var IdentityCenter = Rate{PerSecond: awslimits.Published().Rates["sso"].PerSecond / 8, Burst: 1, AtOnce: awslimits.Published().AssignedAtOnce.Most}

// IdentityCenterCalls is the rate of calls to IAM Identity Center, half of what AWS allows: the AWS plugin may call at the same time.
var IdentityCenterCalls = Rate{PerSecond: awslimits.Published().Rates["sso"].PerSecond / 2, Burst: int(awslimits.Published().Rates["sso"].Burst / 2)}

// published returns the rate of an action of AWS Organizations.
func published(action string, atOnce awslimits.Quota) Rate {
	r := awslimits.Published().Rates["organizations:"+action]
	return Rate{PerSecond: r.PerSecond, Burst: int(r.Burst), AtOnce: atOnce.Most}
}

// Finalizing is how long coldstart waits after it has created an organization before it requests
// the first account. AWS says that a new organization may need up to an hour, and gives no other
// number. Usually it needs seconds. AWS refuses a request that comes too early, and the refused
// request still counts against the low rate of CreateAccount.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
const Finalizing = 20 * time.Second

// Pace is the number of AWS's seconds that pass in one second of this machine. It is 1 for AWS
// itself, and more for an emulator behind a proxy that enforces AWS's rates in less time. A pace
// of 0 means an emulator without rates, for which nobody waits.
type Pace float64

// Real returns how long a duration of AWS's takes on this machine; 0 at a pace of 0.
func (p Pace) Real(d time.Duration) time.Duration {
	if p <= 0 {
		return 0
	}
	return time.Duration(float64(d) / float64(p))
}

// String returns the pace in the form that FromEnvironment reads.
func (p Pace) String() string { return strconv.FormatFloat(float64(p), 'g', -1, 64) }

// Sleep waits until a duration of AWS's has passed, or until ctx ends. In the second case it
// returns the cause of ctx's end.
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

// Interval returns the time between two calls once the burst is used up.
func (r Rate) Interval() time.Duration {
	return time.Duration(float64(time.Second) / r.PerSecond).Round(time.Millisecond)
}

// At returns the rate as this machine's clock measures it at a pace.
func (r Rate) At(p Pace) Rate {
	r.PerSecond *= float64(p)
	return r
}

// Least returns the least time that n calls take, from the first to the last, if there were no
// calls before.
func (r Rate) Least(n int) time.Duration {
	return r.Left(n, nil, time.Time{})
}

// Left returns the least time from now until the last of n more calls. Before has the times of
// the earlier calls, in order.
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

// Turns hands out turns at a rate. With a nil Turns, nobody waits.
type Turns struct {
	limiter *rate.Limiter

	mu      sync.Mutex
	waiting []*turn // in the order of their numbers
	// timer fires when the next turn may start; nil if no turn waits for that.
	timer *time.Timer
}

type turn struct {
	number int
	come   chan struct{} // closed when the turn has come
}

// NewTurns returns turns at a rate and a pace; nil at a pace of 0.
func NewTurns(r Rate, p Pace) *Turns {
	if p <= 0 {
		return nil
	}
	return &Turns{limiter: r.At(p).bucket()}
}

// Wait returns nil when the caller's turn has come, or the cause of ctx's end when ctx ends
// first. Of the callers that wait, the caller with the lowest number gets the next turn; of several
// with that number, the first.
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
	i, _ := slices.BinarySearchFunc(t.waiting, number+1, func(other *turn, number int) int { return cmp.Compare(other.number, number) })
	t.waiting = slices.Insert(t.waiting, i, mine)
	t.call()
	return mine
}

func (t *Turns) leave(mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(other *turn) bool { return other == mine })
}

// call starts the turns that may start now, and sets the timer for the next turn. The caller
// holds the lock.
func (t *Turns) call() {
	for t.timer == nil && len(t.waiting) > 0 {
		now := time.Now()
		token := t.limiter.ReserveN(now, 1)
		if delay := token.DelayFrom(now); delay > 0 {
			// Give the token back: a caller with a lower number may come until then.
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
