package limits

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// creations creates accounts as AWS does: a creation takes some time, only a few creations run
// at the same time, and most failures show only at the end of a creation.
//
// The emulator gets CreateAccount when AWS's time has passed. Until then the emulator doesn't
// have the account, so no answer has to hide it. The call is sent when the next call to AWS
// Organizations arrives, because no client can see the difference. So the rule needs no timer.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
type creations struct {
	*members
	requests []*creation // in the order of their calls
	// fail is Options.Fail without the creations that have failed already.
	fail map[string]string
}

// creation is a request for an account.
type creation struct {
	call   *proxy.Call
	email  string
	reason string // the reason for which the creation will fail; empty if it won't
	end    time.Time
	status createAccountStatus
}

// createAccountStatus is a CreateAccountStatus in AWS's answers.
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

// answer answers calls about creations. It returns nil for a call that the emulator has to answer.
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
		_ = json.Unmarshal(c.Body, &in) // An id that can't be read matches no creation.
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

// create accepts a request for an account, or refuses it.
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
		// The creation fails once only, because AWS's reason asks the client to try again.
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

// settle finishes the creations whose time has passed.
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
	r.permit(ctx, q)
	r.accounts[q.status.AccountID] = &member{created: q.end}
	r.emails[q.email] = true
}

// permit attaches to the access role of a new account what AWS attaches: the emulator creates the role without.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
func (r *creations) permit(ctx context.Context, q *creation) {
	var in struct{ RoleName string }
	_ = json.Unmarshal(q.call.Body, &in) // create has read it before.
	form := url.Values{
		"Action": {"AttachRolePolicy"}, "Version": {"2010-05-08"},
		"RoleName": {cmp.Or(in.RoleName, defaultAccessRole)}, "PolicyArn": {"arn:aws:iam::aws:policy/AdministratorAccess"},
	}
	_ = r.w.AskQuery(ctx, q.status.AccountID, "iam", form, &struct{}{}) // A role without the policy shows in the proofs.
}

// list lists creations: first those from before this proxy, which the emulator has, and then
// those of this rule.
func (r *creations) list(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct{ States []string }
	_ = json.Unmarshal(c.Body, &in) // Without states the client asks for all.
	a := next(c)
	var page map[string]json.RawMessage
	var before []createAccountStatus
	if !a.OK() || json.Unmarshal(a.Body, &page) != nil || json.Unmarshal(page["CreateAccountStatuses"], &before) != nil {
		return a
	}
	all := []createAccountStatus{}
	for _, s := range before {
		// moto also lists a creation of the management account, which AWS doesn't.
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

// AWS refuses an address at once if it doesn't match the request's own constraints
// (plausibleEmail). AWS checks the other rules for addresses (validEmail) during the creation.
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
