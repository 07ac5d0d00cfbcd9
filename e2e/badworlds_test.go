//go:build e2e

package e2e

import (
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// bleak is the smallest declaration with an account.
const bleak = `
config:
  coldstart:namespace: bleak
  coldstart:domain: bleak.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@bleak.example
  coldstart:audit: none
  coldstart:guardrails: { defaults: false }
  coldstart:accounts: { app: {} }
`

// refusal is a rule that a test switches on and off.
type refusal struct {
	world *proxy.World
	now   atomic.Pointer[func(*proxy.Call) *proxy.Answer]
}

func (*refusal) Name() string { return "bad world" }

func (r *refusal) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if f := r.now.Load(); f != nil {
		if a := (*f)(c); a != nil {
			return a
		}
	}
	return next(c)
}

// refuse answers calls with the answers of f. Where f returns nil, the call passes.
func (r *refusal) refuse(f func(*proxy.Call) *proxy.Answer) { r.now.Store(&f) }

// mend lets all calls pass.
func (r *refusal) mend() { r.now.Store(nil) }

// no returns an answer in which AWS refuses a call.
func (r *refusal) no(c *proxy.Call, code, message string) *proxy.Answer {
	return r.world.Refuse(c, proxy.Problem{Status: http.StatusForbidden, Code: code, Message: message})
}

// newBadWorld returns a world with AWS's rules and one more rule. 120 of AWS's seconds pass in
// one second.
func newBadWorld(t *testing.T, declaration string, o limits.Options) (*world, *refusal) {
	t.Helper()
	r := &refusal{}
	w := newWorld(t, declaration)
	w.limited(proxy.Options{Scale: 120, Rules: func(p *proxy.World) []proxy.Rule {
		r.world = p
		return append([]proxy.Rule{r}, o.Rules(p)...)
	}})
	w.env[pace.Variable] = "120"
	return w, r
}

// fails brings everything up as a person would. The run has to end with exit code 1, and with
// texts that say what to do.
func (w *world) fails(wants ...string) {
	w.t.Helper()
	begin := time.Now()
	out, err := w.run(coldstart(), "up", "--yes")
	w.t.Logf("after %s", time.Since(begin).Round(time.Second))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		w.t.Fatalf("it ended with %v", err)
	}
	contains(w.t, out, wants...)
	if strings.Contains(out, "panic") || strings.Contains(out, "goroutine ") {
		w.t.Error("it fell over")
	}
}

// recovers brings everything up again. It checks the number of accounts, and that another up
// changes nothing.
func (w *world) recovers(accounts int) string {
	w.t.Helper()
	out := w.ok(coldstart(), "up", "--yes")
	if got := len(w.accounts()); got != accounts {
		w.t.Errorf("there are %d accounts, not %d", got, accounts)
	}
	w.unchanged()
	return out
}

// TestBadAccounts has bad worlds 1 to 3: an address that is taken, a quota that is too low, and
// an account that is closed. The accounts that could be created have to stay.
func TestBadAccounts(t *testing.T) {
	begin(t)
	two := strings.Replace(bleak, "{ app: {} }", "{ app: {}, lab: {} }", 1)
	numbers := limits.Published()
	w, _ := newBadWorld(t, two, limits.Options{Numbers: &numbers, Fail: map[string]string{"app": "EMAIL_ALREADY_EXISTS"}})

	w.fails("master failed:", "app (aws:organizations/account:Account)", "EMAIL_ALREADY_EXISTS",
		"write another one as the account's `email`", "app was skipped", "run again:\n  coldstart up master app lab")

	// Either account may come first. Together they are one too many. AWS refuses the second
	// request, or lets the creation fail if another one is in progress.
	numbers.Accounts.Most = 2
	w.declare(strings.Replace(two, "app: {}", "app: {email: other@bleak.example}", 1))
	w.fails("master failed:", "ask for more accounts", "servicequotas")
	if got := len(w.accounts()); got != 2 {
		t.Errorf("there are %d accounts, not the two that the quota allows", got)
	}

	numbers.Accounts.Most = 10
	old, err := w.organizations().CreateAccount(t.Context(), &organizations.CreateAccountInput{AccountName: aws.String("old"), Email: aws.String("aws+old@bleak.example")})
	must(t, err)
	id := w.settled(old.CreateAccountStatus.Id)
	_, err = w.organizations().CloseAccount(t.Context(), &organizations.CloseAccountInput{AccountId: &id})
	must(t, err)
	for end := time.Now().Add(patience); w.accounts()["aws+old@bleak.example"].State != orgtypes.AccountStateClosed; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the account isn't closed")
		}
	}
	w.declare(strings.Replace(two, "app: {}", "app: {email: other@bleak.example}, old: {}", 1))
	w.fails("coldstart:accounts.old.email: aws+old@bleak.example belongs to the account "+id, "CLOSED", "reopen the account within 90 days", "or write another address")

	w.declare(strings.Replace(two, "app: {}", "app: {email: other@bleak.example}, old: {email: new@bleak.example}", 1))
	w.recovers(5)
}

// settled waits until an account is created, and returns its id.
func (w *world) settled(request *string) string {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		status, err := w.organizations().DescribeCreateAccountStatus(w.t.Context(), &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: request})
		must(w.t, err)
		if id := aws.ToString(status.CreateAccountStatus.AccountId); id != "" {
			return id
		}
	}
	w.t.Fatal("no account")
	return ""
}

// TestGuardrailAgainstColdstart has a guardrail that stops coldstart itself in a member account, as AWS
// would. The message names the guardrail, and an exemption for the access role mends it.
func TestGuardrailAgainstColdstart(t *testing.T) {
	begin(t)
	const strict, exempt = `{Effect: Deny, Action: "s3:PutBucketVersioning", Resource: "*"}`,
		`{Effect: Deny, Action: "s3:PutBucketVersioning", Resource: "*", Condition: {ArnNotLike: {"aws:PrincipalArn": "arn:aws:iam::*:role/OrganizationAccountAccessRole"}}}`
	w, _ := newBadWorld(t, strings.Replace(bleak, "{ defaults: false }", "{ defaults: false, root: [versions], policies: { versions: ["+strict+"] } }", 1), limits.Options{})
	w.fails("app failed:", "explicit deny in a service control policy", "denied by statement 1 of the service control policy bleak-versions", "a guardrail of the organization forbids it")
	w.declare(strings.Replace(bleak, "{ defaults: false }", "{ defaults: false, root: [versions], policies: { versions: ["+exempt+"] } }", 1))
	w.recovers(2)
}

// TestBadCredentials has bad worlds 4 to 6: a missing permission, a wrong clock, and a region
// that isn't enabled. Nothing may be created before they are corrected.
func TestBadCredentials(t *testing.T) {
	begin(t)
	w, r := newBadWorld(t, bleak, limits.Options{})

	r.refuse(func(c *proxy.Call) *proxy.Answer {
		if !c.Is("organizations", "CreateOrganization") {
			return nil
		}
		return r.no(c, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: organizations:CreateOrganization on resource: * because no identity-based policy allows the organizations:CreateOrganization action")
	})
	w.fails("master failed:", "organization (aws:organizations/organization:Organization)", "AccessDeniedException", "organizations:CreateOrganization", "sign in as an administrator of the management account")

	r.refuse(func(c *proxy.Call) *proxy.Answer {
		theirs := time.Now().Add(20 * time.Minute).UTC()
		signed, err := time.Parse("20060102T150405Z", c.Header.Get("X-Amz-Date"))
		if err != nil || theirs.Sub(signed).Abs() <= 5*time.Minute {
			return nil
		}
		a := r.no(c, "SignatureDoesNotMatch", "Signature expired: "+c.Header.Get("X-Amz-Date")+" is now earlier than "+theirs.Add(-5*time.Minute).Format("20060102T150405Z")+" ("+theirs.Format("20060102T150405Z")+" - 5 min.)")
		a.Header.Set("Date", theirs.Format(http.TimeFormat))
		return a
	})
	w.fails("Signature expired", "best by NTP")

	r.refuse(func(c *proxy.Call) *proxy.Answer {
		if c.Region != "eu-west-1" {
			return nil
		}
		return r.no(c, "InvalidClientTokenId", "The security token included in the request is invalid.")
	})
	w.fails("InvalidClientTokenId", "enable", "coldstart:region")

	r.mend()
	if _, err := w.organizations().DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{}); err == nil {
		t.Error("an organization was made in a bad world")
	}

	// coldstart has to wait for a service that the new account doesn't have yet.
	var asked atomic.Int32
	r.refuse(func(c *proxy.Call) *proxy.Answer {
		if !c.Is("kms") || c.Caller.Account == "123456789012" || asked.Add(1) > 3 {
			return nil
		}
		return r.no(c, "SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service")
	})
	out := w.recovers(2)
	contains(t, out, "waiting until account app (", "SubscriptionRequiredException", ") can be entered")
	if strings.Contains(out, "passes by itself") {
		t.Error("the stack ran before its account was ready")
	}
}

// TestBadEntry has bad worlds 7 to 9: a missing second factor, credentials of a member, and a
// suspended account. In each of them, the resources of the management account's stack have to
// stay.
func TestBadEntry(t *testing.T) {
	begin(t)
	w, r := newBadWorld(t, bleak, limits.Options{})
	barred := func(why string) func(*proxy.Call) *proxy.Answer {
		return func(c *proxy.Call) *proxy.Answer {
			role := c.Form.Get("RoleArn")
			if !c.Is("sts", "AssumeRole") || !strings.HasSuffix(role, organization.AccessRole) {
				return nil
			}
			return r.no(c, "AccessDenied", "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:AssumeRole on resource: "+role+why)
		}
	}

	r.refuse(barred(" with an explicit deny in an identity-based policy"))
	w.fails("account app (", "can't be entered", "AccessDenied", "explicit deny", "sign in with one", "coldstart login", "run again:\n  coldstart up app")
	must(t, w.stateHas("master", "aws:organizations/account:Account"))

	r.mend()
	w.recovers(2)

	session, err := sts.NewFromConfig(w.emulator.Config("eu-west-1")).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn:         aws.String(organization.RoleARN(aws.ToString(w.accounts()["aws+app@bleak.example"].Id), organization.AccessRole)),
		RoleSessionName: aws.String("e2e"),
	})
	must(t, err)
	mine := map[string]string{}
	for name, value := range map[string]*string{
		"AWS_ACCESS_KEY_ID": session.Credentials.AccessKeyId, "AWS_SECRET_ACCESS_KEY": session.Credentials.SecretAccessKey, "AWS_SESSION_TOKEN": session.Credentials.SessionToken,
	} {
		mine[name], w.env[name] = w.env[name], aws.ToString(value)
	}
	w.fails("these credentials belong to account", "stack master to account 123456789012", "use credentials of that one")
	for name, value := range mine {
		w.env[name] = value
	}

	r.refuse(barred(""))
	w.fails("app failed:", "AccessDenied", "sts:AssumeRole", "one that is suspended lets nobody in")
	r.mend()
	w.recovers(2)
}

// stateHas returns an error if the state of a stack has no resource of a type.
func (w *world) stateHas(stack, token string) error {
	if out := w.ok("pulumi", "stack", "--stack", stack, "--show-urns"); !strings.Contains(out, token) {
		return errors.New("the state of " + stack + " has no " + token)
	}
	return nil
}
