package limits

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// creations has accounts created as AWS does: it takes a while, few at once, and
// most of what can go wrong shows in the end only.
//
// The emulator gets the call when the while has passed. Until then there is no such
// account, so no answer has to be kept from showing it. Nobody sees whether it was
// made at that moment or when the next call to Organizations asks, so nothing runs
// by itself.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
type creations struct {
	*members
	requests []*creation // in the order of their calls
	// fail has creations fail once, by the accounts' names, for a reason of AWS's.
	fail map[string]string
}

// creation is a request for an account. It is under way until it has a state.
type creation struct {
	call   *proxy.Call
	email  string
	reason string // why it will fail
	end    time.Time
	status createAccountStatus
}

// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html
type createAccountStatus struct {
	ID                 string `json:"Id"`
	AccountName        string
	State              string
	RequestedTimestamp float64
	CompletedTimestamp float64 `json:",omitempty"`
	AccountID          string  `json:"AccountId,omitempty"`
	FailureReason      string  `json:",omitempty"`
}

const (
	inProgress = "IN_PROGRESS"
	succeeded  = "SUCCEEDED"
	failed     = "FAILED"
)

func (*creations) Name() string { return "account creation" }

func (r *creations) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service != "organizations" || c.Caller.Account != r.w.Management {
		return next(c)
	}
	if a := r.answer(c, next); a != nil {
		return a
	}
	return next(c)
}

// answer answers what is about requests, and nil if the emulator is to.
func (r *creations) answer(c *proxy.Call, next proxy.Next) *proxy.Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle(c.Context())
	switch c.Action {
	case "CreateAccount":
		if r.load(c.Context()); r.loaded {
			return r.create(c)
		}
	case "DescribeCreateAccountStatus":
		var in struct{ CreateAccountRequestID string }
		_ = json.Unmarshal(c.Body, &in) // An id that can't be read isn't found.
		for _, q := range r.requests {
			if q.status.ID == in.CreateAccountRequestID {
				return r.w.Reply(c, map[string]any{"CreateAccountStatus": q.status})
			}
		}
	case "ListCreateAccountStatus":
		return r.list(c, next)
	}
	return nil
}

// create takes a request for an account, or refuses it.
func (r *creations) create(c *proxy.Call) *proxy.Answer {
	var in struct{ Email, AccountName string }
	if json.Unmarshal(c.Body, &in) != nil {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "SerializationException", Message: "the body isn't JSON"})
	}
	if problem := malformed(in.Email); problem != "" {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "InvalidInputException", Message: "You specified an invalid value.", Fields: map[string]string{"Reason": problem}})
	}
	email := strings.ToLower(in.Email)
	underWay := slices.DeleteFunc(slices.Clone(r.requests), func(q *creation) bool { return q.status.State != inProgress })
	most := r.w.Numbers.Accounts.Most
	switch {
	case len(underWay) >= r.w.Numbers.CreatedAtOnce.Most:
		return r.w.Throttled(c)
	case len(r.accounts) >= most:
		return r.w.Refuse(c, violation("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of AWS accounts."))
	}
	q := &creation{call: c, email: email, end: r.w.Now().Add(r.w.Numbers.Creation.Takes)}
	switch {
	case slices.ContainsFunc(underWay, func(q *creation) bool { return q.email == email }):
		q.reason = "CONCURRENT_ACCOUNT_MODIFICATION"
	case r.emails[email]:
		q.reason = "EMAIL_ALREADY_EXISTS"
	case !validEmail.MatchString(in.Email):
		q.reason = "INVALID_EMAIL"
	case len(r.accounts)+len(underWay) >= most:
		q.reason = "ACCOUNT_LIMIT_EXCEEDED"
	case r.fail[in.AccountName] != "":
		// Once: it says to try again later.
		q.reason = r.fail[in.AccountName]
		delete(r.fail, in.AccountName)
	}
	q.status = createAccountStatus{
		ID:                 "car-" + strings.ReplaceAll(r.w.RequestID(), "-", ""),
		AccountName:        in.AccountName,
		State:              inProgress,
		RequestedTimestamp: timestamp(r.w.Now()),
	}
	r.requests = append(r.requests, q)
	return r.w.Reply(c, map[string]any{"CreateAccountStatus": q.status})
}

// settle brings to an end what has taken its time.
func (r *creations) settle(ctx context.Context) {
	now := r.w.Now()
	for _, q := range r.requests {
		if q.status.State == inProgress && !q.end.After(now) {
			r.finish(context.WithoutCancel(ctx), q)
		}
	}
}

func (r *creations) finish(ctx context.Context, q *creation) {
	q.status.CompletedTimestamp = timestamp(q.end)
	q.status.State, q.status.FailureReason = failed, q.reason
	if q.reason != "" {
		return
	}
	var made struct{ CreateAccountStatus createAccountStatus }
	a := r.w.Send(ctx, q.call)
	if !a.OK() || json.Unmarshal(a.Body, &made) != nil || made.CreateAccountStatus.AccountID == "" {
		q.status.FailureReason = "INTERNAL_FAILURE"
		return
	}
	q.status.State, q.status.AccountID = succeeded, made.CreateAccountStatus.AccountID
	r.accounts[q.status.AccountID] = &member{created: q.end}
	r.emails[q.email] = true
}

// list lists requests: those of before that the emulator knows, and those here.
func (r *creations) list(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct{ States []string }
	_ = json.Unmarshal(c.Body, &in) // no states are all
	a := next(c)
	var page map[string]json.RawMessage
	var before []createAccountStatus
	if !a.OK() || json.Unmarshal(a.Body, &page) != nil || json.Unmarshal(page["CreateAccountStatuses"], &before) != nil {
		return a
	}
	all := []createAccountStatus{}
	for _, s := range before {
		// moto has one for the management account too, which nobody created.
		if s.AccountID != r.w.Management && !slices.ContainsFunc(r.requests, func(q *creation) bool { return q.status.AccountID == s.AccountID }) {
			all = append(all, s)
		}
	}
	if page["NextToken"] == nil || string(page["NextToken"]) == "null" { // on the last page
		for _, q := range r.requests {
			if len(in.States) == 0 || slices.Contains(in.States, q.status.State) {
				all = append(all, q.status)
			}
		}
	}
	out := map[string]any{"CreateAccountStatuses": all}
	if token := page["NextToken"]; token != nil {
		out["NextToken"] = token
	}
	return r.w.Reply(c, out)
}

// An address that breaks the request's own rules is refused at once; the rest of
// the rules count when the account is made.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html#organizations-CreateAccount-request-Email
var (
	plausibleEmail = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)
	validEmail     = regexp.MustCompile(`^[^\s"'()<>\[\]:;,\\|%&@.][^\s"'()<>\[\]:;,\\|%&@]*@[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?\.[a-zA-Z0-9-]*[a-zA-Z0-9]$`)
)

func malformed(email string) (reason string) {
	switch {
	case len(email) < 6:
		return "MIN_LENGTH_EXCEEDED"
	case len(email) > 64:
		return "MAX_LENGTH_EXCEEDED"
	case !plausibleEmail.MatchString(email):
		return "INVALID_PATTERN"
	}
	return ""
}

func timestamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
