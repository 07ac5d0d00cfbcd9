package limits

import (
	"encoding/json"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// closings refuses to close more accounts than AWS closes at the same time or in 30 days, and to
// remove an account from the organization in its first days.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
type closings struct {
	*members
	done []time.Time // when each closing began
}

// closingMonth is the period to which AWS's quota on closed accounts applies.
const closingMonth = 30 * 24 * time.Hour

func (*closings) Name() string { return "account closing" }

func (r *closings) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct{ AccountID string }
	if !c.Is("organizations", "CloseAccount", "RemoveAccountFromOrganization") || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.load(c.Context())
	account := r.accounts[in.AccountID]
	if c.Action == "RemoveAccountFromOrganization" {
		if age, ok := r.age(account); ok && age < r.w.Numbers.Wait.Takes {
			return r.w.Refuse(c, violation("WAIT_PERIOD_ACTIVE", "After you create an AWS account, you must wait until at least seven days after the account was created."))
		}
		a := next(c)
		if a.OK() {
			delete(r.accounts, in.AccountID)
		}
		return a
	}
	now := r.w.Now()
	switch {
	case r.since(now.Add(-r.w.Numbers.Closing.Takes)) >= r.w.Numbers.ClosedAtOnce.Most:
		return r.w.Refuse(c, violation("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED", "You attempted to exceed the number of accounts that you can close at a time."))
	case r.since(now.Add(-closingMonth)) >= r.budget():
		return r.w.Refuse(c, violation("CLOSE_ACCOUNT_QUOTA_EXCEEDED", "You have exceeded close account quota for the past 30 days."))
	}
	a := next(c)
	if a.OK() {
		r.done = append(r.done, now)
		if account != nil {
			account.close(now)
		}
	}
	return a
}

// since returns the number of closings that began after a time.
func (r *closings) since(begin time.Time) (n int) {
	for _, t := range r.done {
		if t.After(begin) {
			n++
		}
	}
	return n
}

// budget returns how many accounts the organization may close in a closingMonth.
func (r *closings) budget() int {
	share := int(r.w.Numbers.ClosedShare * float64(len(r.accounts)))
	return min(max(r.w.Numbers.ClosedInAMonth.Most, share), r.w.Numbers.ClosedMost.Most)
}
