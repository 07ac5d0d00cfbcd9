//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// mortal declares an organization whose accounts change outside of coldstart.
const mortal = `
config:
  coldstart:namespace: mortal
  coldstart:domain: mortal.example
  coldstart:region: us-east-1
  coldstart:email: aws+%s@mortal.example
  coldstart:audit: none
  coldstart:guardrails: { defaults: false, regions: [us-east-1] }
  coldstart:accounts: { app: {} }
`

// fates is a rule that gives accounts other states than the emulator does. The emulator can't
// reopen an account. Nobody can enter an account that isn't active.
type fates struct {
	world *proxy.World

	mu     sync.Mutex
	states map[string]string // by id
	// retired makes closed accounts have the Status that AWS has retired, in place of a State.
	retired bool
	// changes are the calls that would have changed accounts that aren't active.
	changes []string
}

func (*fates) Name() string { return "fates" }

func (f *fates) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, state := range f.states {
		switch {
		case state == "ACTIVE":
		case c.Is("sts", "AssumeRole") && strings.Contains(c.Form.Get("RoleArn"), ":"+id+":"):
			return f.world.Refuse(c, proxy.Problem{Status: http.StatusForbidden, Code: "AccessDenied", Message: "the account is " + state})
		case c.Is("organizations", "CloseAccount", "TagResource", "UntagResource", "MoveAccount") && strings.Contains(string(c.Body), id):
			f.changes = append(f.changes, c.String())
			return f.world.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "AccountAlreadyClosedException", Message: "You attempted to close an account that is already closed."})
		}
	}
	f.mu.Unlock()
	a := next(c)
	f.mu.Lock()
	var page map[string]any
	if !c.Is("organizations", "ListAccounts", "DescribeAccount") || !a.OK() || json.Unmarshal(a.Body, &page) != nil {
		return a
	}
	list, ok := page["Accounts"].([]any)
	if !ok {
		list = []any{page["Account"]}
	}
	for _, item := range list {
		f.write(item.(map[string]any))
	}
	return f.world.Reply(c, page)
}

// write sets an account's state.
func (f *fates) write(account map[string]any) {
	id, _ := account["Id"].(string)
	if state := f.states[id]; state != "" {
		account["State"] = state
	}
	if f.retired && account["State"] != "ACTIVE" {
		account["Status"] = "SUSPENDED"
		delete(account, "State")
	}
}

// set changes the rule.
func (f *fates) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// newMortal brings up an organization with fates. It returns the id of the account app.
func newMortal(t *testing.T, declaration string) (*world, *fates, string) {
	t.Helper()
	f := &fates{states: map[string]string{}}
	w := newWorld(t, declaration)
	o := limits.Refusals()
	refusals := o.Rules
	o.Rules = func(world *proxy.World) []proxy.Rule {
		f.world = world
		return append([]proxy.Rule{f}, refusals(world)...)
	}
	w.limited(o)
	w.up()
	return w, f, aws.ToString(w.accounts()["aws+app@mortal.example"].Id)
}

// ends runs coldstart, which has to end with the exit code and to print all of the texts.
func (w *world) ends(code int, args []string, wants ...string) string {
	w.t.Helper()
	out, err := w.run(coldstart(), args...)
	var exit *exec.ExitError
	if got := 0; err != nil && (!errors.As(err, &exit) || exit.ExitCode() != code) || err == nil && code != got {
		w.t.Fatalf("coldstart %s ended with %v, not %d", strings.Join(args, " "), err, code)
	}
	contains(w.t, out, wants...)
	for _, never := range []string{"panic", "EMAIL_ALREADY_EXISTS", "trying again", "AlreadyClosed"} {
		if strings.Contains(out, never) {
			w.t.Errorf("coldstart %s says %s", strings.Join(args, " "), never)
		}
	}
	return out
}

// TestClosedByHand closes a member by hand. coldstart has to say so and to go on with
// everything else, and each way out that it names has to work, before a refresh and after one.
func TestClosedByHand(t *testing.T) {
	begin(t)
	w, f, id := newMortal(t, mortal)
	up, first := []string{"up", "--yes"}, "account app ("+id+") is CLOSED"
	f.set(func() { f.states[id] = "CLOSED" })

	// The tags of the whole organization change.
	tagged := strings.Replace(mortal, "  coldstart:accounts:", "  coldstart:tags: { team: platform }\n  coldstart:accounts:", 1)
	w.declare(tagged)
	w.ends(1, []string{"preview"}, first, "to reopen it:", "to give it up:", "to replace it:")
	out := w.ends(1, up, first, "to reopen it:", "app was skipped", " update, ")
	if said := strings.Index(out, first); said > strings.Index(out, "started") {
		t.Error("that the account is closed isn't what is said first")
	}
	w.ends(3, []string{"drift"}, first)
	w.ends(1, []string{"verify"}, id+" is CLOSED")
	w.ends(1, []string{"doctor"}, "account app", "CLOSED", "take app out of Pulumi.master.yaml")

	// The provider reads the retired Status, and a refresh drops the account.
	f.set(func() { f.retired = true })
	w.ends(0, []string{"refresh"}, "account app ("+id+") is SUSPENDED")
	f.set(func() { f.retired = false })
	w.declare(strings.Replace(tagged, "app: {}", "app: { closeOnDelete: true }", 1))
	w.ends(1, up, first, "master       done: 57 same")
	w.declare(strings.Replace(tagged, "app: {}", "app: { email: new@mortal.example }", 1))
	w.ends(1, []string{"preview", "master"}, "another address is another account: write email: aws+app@mortal.example again, or give the account up")

	// AWS Support reopens it.
	f.set(func() { f.states[id] = "ACTIVE" })
	w.declare(tagged)
	w.up()
	w.unchanged()
	w.proved()
	if got := aws.ToString(w.accounts()["aws+app@mortal.example"].Id); got != id {
		t.Errorf("app is %s now", got)
	}

	// The account is closed for good and given up. First another account replaces it in the
	// same run, and then an account with its name.
	f.set(func() { delete(f.states, id) })
	_, err := w.organizations().CloseAccount(t.Context(), &organizations.CloseAccountInput{AccountId: &id})
	must(t, err)
	w.declare(strings.Replace(tagged, "app: {}", "next: {}", 1))
	w.ends(0, []string{"preview"}, first+" and no longer declared")
	w.ends(0, up, first+" and no longer declared")
	w.proved()
	if listed := w.ok("pulumi", "stack", "ls"); strings.Contains(listed, "app") {
		t.Error("the stack of the account that is given up is still there")
	}
	w.ends(0, []string{"drift"}, "Nothing has changed")
	w.declare(strings.Replace(tagged, "app: {}", "next: {}, app: { email: new@mortal.example }", 1))
	w.up()
	w.unchanged()
	f.set(func() {
		if len(f.changes) > 0 {
			t.Errorf("an account that isn't active was changed: %v", f.changes)
		}
	})
}

// readdress changes a member's address in AWS with the calls of the commands that coldstart
// names.
func (w *world) readdress(id, email string) {
	w.t.Helper()
	_, err := w.organizations().EnableAWSServiceAccess(w.t.Context(), &organizations.EnableAWSServiceAccessInput{ServicePrincipal: aws.String("account.amazonaws.com")})
	must(w.t, err)
	client := account.NewFromConfig(w.emulator.Config("us-east-1"))
	_, err = client.StartPrimaryEmailUpdate(w.t.Context(), &account.StartPrimaryEmailUpdateInput{AccountId: &id, PrimaryEmail: &email})
	must(w.t, err)
	_, err = client.AcceptPrimaryEmailUpdate(w.t.Context(), &account.AcceptPrimaryEmailUpdateInput{AccountId: &id, PrimaryEmail: &email, Otp: aws.String("123456")})
	must(w.t, err)
}

// TestChangedAddressAndName changes a member's address in AWS, and then its name in the file.
// The account has to stay the same.
func TestChangedAddressAndName(t *testing.T) {
	begin(t)
	w, _, id := newMortal(t, mortal)
	w.readdress(id, "moved@mortal.example")
	w.ends(0, []string{"preview", "master"}, "has been changed in AWS: write email: moved@mortal.example")
	w.ends(0, []string{"up", "--yes", "master"}, "has been changed in AWS: write email: moved@mortal.example", "58 same")
	w.ends(0, []string{"doctor"}, "write email: moved@mortal.example under coldstart:accounts.app")
	w.ends(3, []string{"drift"}, "the address of account "+id+" is moved@mortal.example", "Write email: moved@mortal.example")
	w.ends(1, []string{"verify"}, "the address of account "+id+" is moved@mortal.example: write email: moved@mortal.example")

	// A new address in the file alone is refused, with the commands that change it.
	declared := func(email string) string {
		return strings.Replace(mortal, "app: {}", "app: { email: "+email+" }", 1)
	}
	w.declare(declared("next@mortal.example"))
	w.ends(1, []string{"up", "--yes"}, "write email: moved@mortal.example, or change the address in AWS first",
		"aws account start-primary-email-update --account-id "+id+" --primary-email next@mortal.example")
	w.readdress(id, "next@mortal.example")
	w.up()
	w.undrifted()
	w.unchanged()
	w.proved()

	// A new name is refused. Then the steps in the refusal are taken.
	named := strings.Replace(mortal, "app: {}", "shop: { email: next@mortal.example }", 1)
	w.declare(named)
	w.ends(1, []string{"up", "--yes"}, "account app ("+id+") can't become shop while its own stack is there",
		"write app again in place of shop", "coldstart destroy app --unprotect", "write shop in place of app, with email: next@mortal.example")
	w.declare(declared("next@mortal.example"))
	w.ends(0, []string{"destroy", "app", "--unprotect", "--yes"})
	w.declare(named)
	w.ends(0, []string{"preview"})
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	if n := len(w.accounts()); n != 2 {
		t.Errorf("there are %d accounts", n)
	}
}
