package cli

import (
	"time"

	"github.com/coldstart-aws/coldstart/automation"
)

// AWS lets an organization create accounts at this rate, after a burst, and has
// no more than so many under way at once:
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const (
	accountBurst    = 3
	accountInterval = 10 * time.Second
	accountsAtOnce  = 5
)

// paced returns how long AWS takes at least to begin n account creations, if some
// can begin at once.
func paced(n, atOnce int) time.Duration {
	return time.Duration(max(0, n-atOnce)) * accountInterval
}

// creations are the accounts that an operation creates.
type creations struct {
	planned int
	begin   time.Time       // of the first
	steps   map[string]bool // by URN, whether it has ended
}

// creation reports whether a step creates an account.
func creation(r automation.Resource) bool {
	return r.Type == "aws:organizations/account:Account" && r.Operation == "create"
}

func (c *creations) event(e automation.Event) {
	if !creation(e.Resource) {
		return
	}
	if len(c.steps) == 0 {
		c.begin, c.steps = e.Time, map[string]bool{}
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

// left returns how long the creations take at least from now on. It is 0 if the
// pace says nothing.
func (c *creations) left(now time.Time) time.Duration {
	done, all := c.count()
	if done == all {
		return 0
	}
	rest := paced(all, accountBurst)
	if len(c.steps) > 0 {
		rest -= now.Sub(c.begin)
	}
	// If it went slower so far: all but those under way are still to begin.
	return max(rest, paced(all-done, accountsAtOnce))
}

// String returns "5 of 9 accounts created"; it is empty if there are none.
func (c *creations) String() string {
	done, all := c.count()
	if all == 0 {
		return ""
	}
	return of(done, c.planned, "account") + " created"
}
