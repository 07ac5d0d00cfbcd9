//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// running is an organization that is in use, and changed is the same organization after
// changes. Among the changes is each kind of which AWS refuses a second call.
const (
	running = `
config:
  coldstart:namespace: day
  coldstart:domain: day.example
  coldstart:region: us-east-2
  coldstart:email: d-%s@day.example
  coldstart:audit: none
  coldstart:units: {base: {}, apps: {}, live: {parent: apps}, spare: {}}
  coldstart:accounts: {tools: {unit: base}, app: {unit: apps, guardrails: [quarantine]}, old: {unit: apps, closeOnDelete: true}}
  coldstart:organization: {delegatedAdministrators: {config-multiaccountsetup.amazonaws.com: tools}}
  coldstart:access: {groups: {all: {"*": [readonly]}, some: {app: [admin]}}}
  coldstart:users: {bob: {groups: [all, some]}}
`
	changed = `
config:
  coldstart:namespace: day
  coldstart:domain: day.example
  coldstart:region: us-east-2
  coldstart:email: d-%s@day.example
  coldstart:audit: none
  coldstart:units: {core: {guardrails: [quarantine]}, apps: {}, live: {parent: apps}}
  coldstart:accounts: {tools: {unit: core}, app: {unit: live}}
  coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICY, TAG_POLICY, BACKUP_POLICY], trustedServices: [config.amazonaws.com], delegatedAdministrators: {servicecatalog.amazonaws.com: app}}
  coldstart:access: {groups: {all: {"*": [readonly]}}}
  coldstart:users: {bob: {groups: [all]}}
  coldstart:dns: {local: false}
`
)

// runningStacks are the stacks of running that an update leaves. The account old is closed, so
// its stack belongs to nobody any more.
var runningStacks = []string{"master", "tools", "app"}

// stand is a rule that applies another rule before all others. A scenario sets that rule while
// it runs.
type stand struct {
	world *proxy.World
	rule  atomic.Pointer[proxy.Rule]
}

func (*stand) Name() string { return "disturbance" }

func (s *stand) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if r := s.rule.Load(); r != nil {
		return (*r).Apply(c, next)
	}
	return next(c)
}

// before returns the rules with the stand in front of them.
func (s *stand) before(rules func(*proxy.World) []proxy.Rule) func(*proxy.World) []proxy.Rule {
	return func(w *proxy.World) []proxy.Rule {
		s.world = w
		return append([]proxy.Rule{s}, rules(w)...)
	}
}

// strike lets the injector's faults happen from now on.
func (s *stand) strike(i *faults.Injector) {
	rule := i.Before(func(*proxy.World) []proxy.Rule { return nil })(s.world)[0]
	s.rule.Store(&rule)
}

// TestLostChanges changes a running organization. Answers are lost, coldstart is killed after a
// change took effect, and AWS refuses one half of another change. coldstart may not repeat what
// AWS has done, and may not forget what AWS hasn't done.
func TestLostChanges(t *testing.T) {
	begin(t)
	w, s := newWorld(t, running), &stand{}
	w.limited(proxy.Options{Scale: 10, Rules: s.before(limits.Unhurried)})
	w.up(runningStacks...)

	dropped := []string{"action=organizations:EnablePolicyType@3:kill-provider-after"} // The second call repeats the first one.
	for _, action := range []string{
		"organizations:EnablePolicyType", "organizations:EnableAWSServiceAccess", "organizations:UpdateOrganizationalUnit", "organizations:DeleteOrganizationalUnit", "organizations:MoveAccount", "organizations:CloseAccount",
		"organizations:AttachPolicy", "organizations:DetachPolicy", "organizations:RegisterDelegatedAdministrator",
		"organizations:DeregisterDelegatedAdministrator", "iam:RemoveUserFromGroup", "iam:DeleteGroup", "route53:ChangeResourceRecordSets",
	} {
		dropped = append(dropped, "action="+action+":drop-after")
	}
	w.declare(changed)
	w.struck(s, strings.Join(dropped, ","), true)
	more := strings.Replace(changed, "BACKUP_POLICY", "BACKUP_POLICY, AISERVICES_OPT_OUT_POLICY", 1)
	w.declare(more)
	w.struck(s, "action=organizations:EnablePolicyType:kill-after", false)
	w.up()
	w.declare(strings.Replace(more, "[config.amazonaws.com]", "[config.amazonaws.com, ram.amazonaws.com, ssm.amazonaws.com]", 1))
	w.refused(s)
	w.up()
	w.unchanged()
	w.proved()
}

// injected lets the faults of a plan happen from now on. A fault that kills ends the process
// with the id in pid, and the processes that it has started.
func (w *world) injected(s *stand, text string, pid *atomic.Int64) (faults.Plan, *faults.Injector) {
	w.t.Helper()
	plan, err := faults.Parse(text)
	must(w.t, err)
	w.mortal()
	injector := faults.New(plan, faults.Options{Kill: func(v faults.Victim) { faults.KillTree(int(pid.Load()))(v) }})
	s.strike(injector)
	return plan, injector
}

// struck brings the organization up as a person would, while all faults of a plan happen. It
// checks whether the run succeeds.
func (w *world) struck(s *stand, text string, well bool) {
	w.t.Helper()
	var pid atomic.Int64
	plan, injector := w.injected(s, text, &pid)
	up := w.start(coldstart(), "up", "--yes")
	pid.Store(int64(up.Process.Pid))
	if err := up.Wait(); (err == nil) != well {
		w.t.Errorf("%s: it ended with %v", plan, err)
	}
	injector.Stop()
	if pending := injector.Pending(); len(pending) > 0 {
		w.t.Errorf("never happened: %s", pending)
	}
}

// refused brings the organization up while AWS refuses the second of two services that are to
// be trusted.
func (w *world) refused(s *stand) {
	w.t.Helper()
	r := &refusal{world: s.world}
	var calls atomic.Int32
	r.refuse(func(c *proxy.Call) *proxy.Answer {
		if !c.Is("organizations", "EnableAWSServiceAccess") || calls.Add(1) == 1 {
			return nil
		}
		return r.world.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "AccessDeniedException", Message: "You don't have permissions to access this resource."})
	})
	rule := proxy.Rule(r)
	s.rule.Store(&rule)
	w.fails("AccessDeniedException")
	r.mend()
}
