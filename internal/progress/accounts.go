package progress

import (
	"time"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/pace"
)

// creations are the accounts that an operation creates.
type creations struct {
	planned int
	begun   []time.Time     // when each was asked for
	steps   map[string]bool // by URN, whether it has ended
}

func (c *creations) event(e automation.Event) {
	if !changes.CreatesAccount(e.Resource) {
		return
	}
	if c.steps == nil {
		c.steps = map[string]bool{}
	}
	if e.Kind == automation.EventResourceStarted {
		c.begun = append(c.begun, e.Time)
	}
	c.steps[e.Resource.URN] = e.Kind == automation.EventResourceFinished && !e.Failed
}

// count returns how many accounts were created, and how many are to be as far as
// is known: without a preview, those that have begun.
func (c *creations) count() (done, all int) {
	for _, ended := range c.steps {
		if ended {
			done++
		}
	}
	return done, max(c.planned, len(c.steps))
}

// left returns how long it takes at least from now on until AWS has taken the last
// request for an account, at a pace. It is 0 if the pace says nothing: how long AWS takes
// for an account it doesn't say.
func (c *creations) left(now time.Time, p pace.Pace) time.Duration {
	done, all := c.count()
	if done == all || p <= 0 {
		return 0
	}
	return pace.CreateAccount.At(p).Left(all-len(c.steps), c.begun, now)
}

// String returns "5 of 9 accounts created"; it is empty if there are none.
func (c *creations) String() string {
	done, all := c.count()
	if all == 0 {
		return ""
	}
	return countOf(done, c.planned, "account") + " created"
}
