//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// calls counts the calls to IAM Identity Center, and keeps those that it throttles.
type calls struct {
	paced     atomic.Bool // whether throttled calls count
	mu        sync.Mutex
	count     map[string]int
	last      []string // the last calls, with their times
	throttled []string
}

// before is how many calls are named that came before one that is throttled.
const before = 40

func (s *calls) record(c *proxy.Call, a *proxy.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Service == "sso" || c.Service == "identitystore" {
		s.count[c.String()]++
		s.last = append(s.last[max(0, len(s.last)-before):], time.Now().Format("05.000 ")+c.Action)
	}
	if a.Throttled && slices.Contains([]string{"sso", "identitystore", "iam", "organizations", "sts"}, c.Service) && s.paced.Load() {
		s.throttled = append(s.throttled, fmt.Sprintf("%s of %s by %q after %s", c, c.Caller.Account, a.By, strings.Join(s.last, ", ")))
	}
}

// slowly lets IAM Identity Center answer no faster than AWS does. The emulator takes a few milliseconds.
type slowly struct{}

func (slowly) Name() string { return "latency" }

func (slowly) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service == "sso" || c.Service == "identitystore" {
		time.Sleep(100 * time.Millisecond)
	}
	return next(c)
}

// since returns the calls since then, and checks that none of them was throttled.
func (s *calls) since(t testing.TB, what string, begin time.Time) map[string]int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	count := s.count
	s.count = map[string]int{}
	if n := len(s.throttled); n > 0 {
		t.Errorf("%s: %d calls were throttled: %s", what, n, strings.Join(s.throttled[:min(n, 5)], "\n"))
	}
	s.throttled = nil
	t.Logf("%s took %s: %v", what, time.Since(begin).Round(time.Second), count)
	return count
}

// declaredAssignments is an organization in which each of so many groups has a role of its own in each account.
func declaredAssignments(accounts, groups int) string {
	var members, roles, granted, users strings.Builder
	for i := range accounts {
		fmt.Fprintf(&members, "    m%02d: {closeOnDelete: true}\n", i)
	}
	for i := range groups {
		fmt.Fprintf(&roles, "      role%02d: {managedPolicies: [ReadOnlyAccess]}\n", i)
		fmt.Fprintf(&granted, "      g%02d: {'*': [role%02[1]d]}\n", i)
		fmt.Fprintf(&users, "    u%02d: {groups: [g%02[1]d], email: u%02[1]d@many.example, givenName: U, familyName: V}\n", i)
	}
	return fmt.Sprintf(`
config:
  coldstart:namespace: many
  coldstart:domain: many.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%%s@many.example
  coldstart:audit: none
  coldstart:accounts:
    people: {}
%s  coldstart:access:
    account: people
    people: both
    roles:
%s    groups:
%s  coldstart:users:
%s`, &members, &roles, &granted, &users)
}

// provedInPace checks every proof, within the rates that the world's environment says.
func (w *world) provedInPace() {
	w.t.Helper()
	proofs, err := proof.Prove(w.t.Context(), w.organization(), proof.Options{Env: w.env})
	must(w.t, err)
	for _, p := range proofs.Proofs {
		if !p.Holds {
			w.t.Error(p.Problem())
		}
	}
}

// TestManyAssignments brings people into each account by more permission sets than IAM Identity Center assigns at once, reads them back,
// and closes an account. ASSIGNMENTS=50x20 has that many accounts and permission sets; make assignments sets it.
func TestManyAssignments(t *testing.T) {
	begin(t)
	accounts, groups := 2, 15
	if size := os.Getenv("ASSIGNMENTS"); size != "" {
		if _, err := fmt.Sscanf(size, "%dx%d", &accounts, &groups); err != nil {
			t.Fatalf("ASSIGNMENTS=%s: %v", size, err)
		}
		accounts-- // The account of the people is one of them.
	}
	w := newWorld(t, declaredAssignments(accounts, groups))
	made, numbers := &calls{count: map[string]int{}}, limits.Timeless()
	// Only the rates of IAM Identity Center hold, and accounts are there at once.
	maps.DeleteFunc(numbers.Rates, func(action string, _ limits.Rate) bool { return action != "sso" })
	rules := func(world *proxy.World) []proxy.Rule {
		return append([]proxy.Rule{slowly{}}, limits.Options{Numbers: &numbers}.Rules(world)...)
	}
	w.limited(proxy.Options{Rules: rules, OnCall: made.record})
	w.env[pace.Variable] = "1"
	w.up("master")
	must(t, w.emulator.EnableIdentityCenter(t.Context(), "eu-west-1"))
	made.paced.Store(true)
	begin := time.Now()
	w.up()
	first := made.since(t, "the cold start", begin)
	// Each group is assigned its role in each account, and in that of the people.
	all := (accounts + 1) * groups
	if n := first["sso:CreateAccountAssignment"]; n != all {
		t.Errorf("%d assignments took %d calls", all, n)
	}

	begin = time.Now()
	w.unchanged()
	for action, n := range made.since(t, "a second up", begin) {
		if n > 5 {
			t.Errorf("a second up calls %s %d times", action, n)
		}
	}
	begin = time.Now()
	w.undrifted()
	if n := made.since(t, "a refresh", begin)["sso:ListAccountAssignments"]; n > 0 {
		t.Errorf("a refresh reads %d assignments one by one", n)
	}
	begin = time.Now()
	w.provedInPace()
	if n := made.since(t, "the proof", begin)["sso:ListAccountAssignments"]; n > 0 {
		t.Errorf("the proof reads assignments in %d accounts one by one", n)
	}

	w.declare(declaredAssignments(accounts+1, groups))
	begin = time.Now()
	w.up()
	if n := made.since(t, "a new account", begin)["sso:CreateAccountAssignment"]; n != groups {
		t.Errorf("%d assignments in a new account took %d calls", groups, n)
	}

	w.ok(coldstart(), "destroy", "m00", "--unprotect", "--yes")
	withoutFirst := strings.NewReplacer("    m00: {closeOnDelete: true}\n", "")
	w.declare(withoutFirst.Replace(declaredAssignments(accounts+1, groups)))
	begin = time.Now()
	w.up()
	if n := made.since(t, "closing an account", begin)["sso:DeleteAccountAssignment"]; n != groups {
		t.Errorf("%d assignments were taken away by %d calls", groups, n)
	}
	w.provedInPace()
	made.since(t, "the proof after that", begin)
	w.plainAssignments(made, withoutFirst.Replace(declaredAssignments(accounts+1, 2)))
}

// plainAssignments does with plain `pulumi` what docs/security.md says of it, up to a declaration that has fewer groups.
func (w *world) plainAssignments(made *calls, fewer string) {
	w.t.Helper()
	w.plainProject()
	plainly := func(stack, operation string, args ...string) {
		begin := time.Now()
		w.ok("pulumi", slices.Concat([]string{operation, "--stack", stack, "--yes", "--non-interactive"}, args)...)
		made.since(w.t, "plain pulumi "+operation+" of "+stack, begin)
	}
	plainly("people", "refresh", "--expect-no-changes", "--parallel", "1")
	w.declare(fewer)
	plainly("people", "up", "--skip-preview", "--parallel", "10")
	plainly("master", "up", "--skip-preview")
	w.ok("pulumi", "state", "unprotect", "--all", "--yes", "--stack", "people")
	plainly("people", "destroy", "--parallel", "10")
}
