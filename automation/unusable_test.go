package automation

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"golang.org/x/sync/semaphore"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/stackref"
)

// Accounts that don't work are known by their ids, whatever their address is.
func TestUnusable(t *testing.T) {
	t.Parallel()
	members := map[string]stackref.Member{"audit": {ID: "1"}, "dev": {ID: "2"}, "prod": {ID: "3"}, "old": {ID: "4"}}
	for name, c := range map[string]struct {
		listed map[string]accountstate.Account
		want   map[string]string // states by name; of taken out ones with a minus
	}{
		"all work":     {map[string]accountstate.Account{"1": {State: "ACTIVE"}, "2": {State: "ACTIVE"}, "3": {State: "ACTIVE"}, "4": {State: "ACTIVE"}}, map[string]string{}},
		"closed":       {map[string]accountstate.Account{"1": {State: "ACTIVE"}, "2": {State: "CLOSED"}, "3": {State: "PENDING_CLOSURE"}, "4": {State: "CLOSED"}}, map[string]string{"dev": "CLOSED", "prod": "PENDING_CLOSURE", "-old": "CLOSED"}},
		"restricted":   {map[string]accountstate.Account{"1": {State: "SUSPENDED"}, "2": {State: "ACTIVE"}, "3": {State: "ACTIVE"}, "4": {State: "SUSPENDED"}}, map[string]string{"audit": "SUSPENDED", "-old": "SUSPENDED"}},
		"not yet used": {map[string]accountstate.Account{"1": {State: "ACTIVE"}, "2": {State: "PENDING_ACTIVATION"}, "3": {}, "4": {State: "PENDING_ACTIVATION"}}, map[string]string{"dev": "PENDING_ACTIVATION"}},
		"gone":         {map[string]accountstate.Account{"1": {State: "ACTIVE"}, "2": {State: "ACTIVE"}}, map[string]string{"prod": "not in the organization any more", "-old": "not in the organization any more"}},
	} {
		got := map[string]string{}
		for account, e := range fake(t).among(members, c.listed) {
			if e.takenOut {
				account = "-" + account
			}
			got[account] = e.State
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// What takes a second to find out is looked for only where something is unusual.
func TestSuspicious(t *testing.T) {
	t.Parallel()
	all := map[string]accountstate.Account{
		"1": {State: "ACTIVE", Email: "AWS+audit@acme.example"}, "2": {State: "ACTIVE", Email: "aws+dev@acme.example"},
		"3": {State: "ACTIVE", Email: "aws+prod@acme.example"}, "9": {State: "ACTIVE", Email: "root@acme.example"},
	}
	ran := map[string]bool{"master": true, "audit": true, "dev": true, "prod": true}
	for name, c := range map[string]struct {
		change func(listed map[string]accountstate.Account, existing map[string]bool)
		want   bool
	}{
		"nothing": {func(map[string]accountstate.Account, map[string]bool) {}, false},
		"a closed account": {func(l map[string]accountstate.Account, _ map[string]bool) {
			l["8"] = accountstate.Account{State: "CLOSED"}
		}, true},
		"another address": {func(l map[string]accountstate.Account, _ map[string]bool) {
			l["2"] = accountstate.Account{State: "ACTIVE", Email: "x"}
		}, true},
		"an account is gone": {func(l map[string]accountstate.Account, _ map[string]bool) { delete(l, "3") }, true},
		"one to be created":  {func(l map[string]accountstate.Account, e map[string]bool) { delete(l, "3"); delete(e, "prod") }, false},
		"one taken out":      {func(_ map[string]accountstate.Account, e map[string]bool) { e["old"] = true }, true},
	} {
		listed, existing := map[string]accountstate.Account{}, map[string]bool{}
		for id, a := range all {
			listed[id] = a
		}
		for stack := range ran {
			existing[stack] = true
		}
		c.change(listed, existing)
		if got := fake(t).suspicious(listed, existing); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestOthers finds out from addresses alone whether AWS has accounts that aren't declared. One of AWS's is the management account.
func TestOthers(t *testing.T) {
	t.Parallel()
	a := fake(t)
	listed := map[string]accountstate.Account{"0": {State: "ACTIVE", Email: "management@acme.example"}}
	for _, name := range a.org.AccountNames() {
		listed[name] = accountstate.Account{State: "ACTIVE", Email: strings.ToUpper(a.org.AccountEmail(name))}
	}
	if a.others(listed) {
		t.Error("all accounts are declared")
	}
	listed["9"] = accountstate.Account{State: "CLOSED", Email: "old@acme.example"}
	if !a.others(listed) {
		t.Error("an account isn't declared")
	}
}

// A stack whose account doesn't work isn't run, those that need it are, and the result
// fails where everything was to be as declared.
func TestUnusableStack(t *testing.T) {
	t.Parallel()
	for op, fails := range map[Operation]bool{OperationPreview: true, OperationUp: true, OperationRefresh: false, OperationDrift: false} {
		var ran []string
		a := fake(t)
		common := &shared{live: stackref.NewLive(), broken: map[string]*UnusableError{"audit": {Account: "audit", ID: "1", State: "CLOSED"}}}
		nodes := a.graph(a.org.Stacks(), forward, common)
		result := &Result{Operation: op}
		slots := semaphore.NewWeighted(int64(a.options.Parallel))
		for _, n := range nodes {
			n.exists = true
			n.result = n.run(t.Context(), operation{name: op, order: forward, reads: true, do: func(s *stack, _ context.Context) error {
				ran = append(ran, s.name)
				return nil
			}}, slots)
			close(n.done)
			result.Stacks = append(result.Stacks, n.result)
		}
		if diff := cmp.Diff([]string{"master", "dev", "prod"}, ran); diff != "" {
			t.Errorf("%s: ran (-want +got)\n%s", op, diff)
		}
		var e *UnusableError
		if got := errors.As(result.Err(), &e); got != fails || !result.Unusable() {
			t.Errorf("%s: %v", op, result.Err())
		}
	}
}

// An account that is given up leaves the state without a call, whatever the declaration
// said about its deletion.
func TestRelease(t *testing.T) {
	t.Parallel()
	common := &shared{broken: map[string]*UnusableError{
		"old": {ID: "4", State: "CLOSED", takenOut: true}, "dev": {ID: "2", State: "CLOSED"},
	}}
	d := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		{Type: awstype.OrganizationsAccount, ID: "4", Protect: true},
		{Type: awstype.OrganizationsAccount, ID: "4"},
		{Type: awstype.OrganizationsAccount, ID: "2", Protect: true, RetainOnDelete: true},
		{Type: awstype.Route53Zone, ID: "4", Protect: true},
	}}
	if !common.releaseAccounts(d) {
		t.Error("nothing was released")
	}
	for i, want := range []struct{ protect, retain bool }{{false, true}, {false, true}, {true, true}, {true, false}} {
		if r := d.Resources[i]; r.Protect != want.protect || r.RetainOnDelete != want.retain {
			t.Errorf("%d: protected %t, retained %t", i, r.Protect, r.RetainOnDelete)
		}
	}
}

// Of the stack of an account that nobody can enter, the delegation is left to be deleted.
func TestStrip(t *testing.T) {
	t.Parallel()
	urn := func(typ, name string) resource.URN {
		return resource.URN("urn:pulumi:app::coldstart::" + typ + "::" + name)
	}
	provider := func(name, role string) apitype.ResourceV3 {
		return apitype.ResourceV3{URN: urn("pulumi:providers:aws", name), Custom: true, ID: "p", Type: "pulumi:providers:aws", Inputs: map[string]any{"assumeRole": `{"roleArn":"` + role + `"}`}}
	}
	of := func(name string) string { return string(urn("pulumi:providers:aws", name)) + "::p" }
	zone, component := urn(awstype.Route53Zone, "zone"), urn("coldstart:dns:Zone", "zone")
	d := &apitype.DeploymentV3{
		PendingOperations: []apitype.OperationV2{{Type: apitype.OperationTypeUpdating}},
		Resources: []apitype.ResourceV3{
			{URN: component, Type: "coldstart:dns:Zone"},
			provider("account", "arn:aws:iam::4:role/In"), provider("delegation", "arn:aws:iam::1:role/app-delegation"),
			{URN: zone, Type: awstype.Route53Zone, Custom: true, ID: "Z", Provider: of("account"), Protect: true, Parent: component},
			{URN: urn(awstype.Route53Record, "inside"), Type: awstype.Route53Record, Custom: true, Provider: of("account")},
			{
				URN: urn(awstype.Route53Record, "delegation"), Type: awstype.Route53Record, Custom: true, Provider: of("delegation"), Parent: component, DeletedWith: zone,
				Dependencies: []resource.URN{zone}, PropertyDependencies: map[resource.PropertyKey][]resource.URN{"records": {zone}},
			},
			{URN: urn(stackReference, "master"), Type: stackReference, Custom: true},
		},
	}
	s := &stack{name: "app", shared: &shared{broken: map[string]*UnusableError{"app": {Account: "app", ID: "4", State: "CLOSED"}}}}
	stripped, err := s.strip(d)
	if err != nil || stripped != "4 resources in account 4, which is CLOSED" || len(d.PendingOperations) != 0 {
		t.Errorf("%s stripped, %v, pending %v", stripped, err, d.PendingOperations)
	}
	var left []string
	for _, r := range d.Resources {
		left = append(left, r.URN.Name())
		if r.Protect || len(r.Dependencies)+len(r.PropertyDependencies["records"]) > 0 || r.DeletedWith != "" {
			t.Errorf("%s is left as %+v", r.URN, r)
		}
	}
	if diff := cmp.Diff([]string{"zone", "delegation", "delegation"}, left); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A panic is told from a plugin that was killed: no waiting helps.
func TestPanic(t *testing.T) {
	t.Parallel()
	w := &watcher{stack: &stack{shared: &shared{events: newQueue(nil)}}}
	w.reset()
	w.begin()
	w.diagnostic(&apitype.DiagnosticEvent{Severity: "error", Message: "Detected that /plugins/pulumi-resource-aws exited prematurely.\n" +
		"\tThis is *always* a bug in the provider.\n\tTo assist with debugging we have dumped the STDOUT and STDERR streams of the plugin:" +
		"panic: interface conversion: interface {} is nil, not map[string]interface {}\n\ngoroutine 76 [running]:\n" +
		"github.com/hashicorp/go-cty/cty.Value.GetAttr({{{0x4e70740?, 0x39d0c9800090?}}, {0x0?, 0x0?}}, {0x4c7c8be, 0x2})\n\tgithub.com/hashicorp/go-cty@v1.4.1/cty/value_ops.go:711 +0x2dd\n" +
		"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2.(*v2InstanceState2).ID(0x39d0c861d0b0?)\n"})
	w.diagnostic(&apitype.DiagnosticEvent{Severity: "error", URN: "urn:pulumi:master::coldstart::coldstart:accounts:Account$aws:organizations/account:Account::app", Message: "error reading from server: EOF"})
	err := w.cause(errors.New("exit status 255"))
	want := pluginPanicked + "interface conversion: interface {} is nil, not map[string]interface {}\n" +
		"  at github.com/hashicorp/go-cty/cty.Value.GetAttr\n" +
		"  at github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2.(*v2InstanceState2).ID\n" +
		"app (aws:organizations/account:Account): error reading from server: EOF"
	if err.Error() != want {
		t.Errorf("got %s", err)
	}
	if passes(err) {
		t.Error("it counts as passing")
	}
	w.begin()
	if w.diagnostic(&apitype.DiagnosticEvent{Severity: "error", Message: "error reading from server: EOF"}); !passes(w.cause(errors.New("exit status 255"))) {
		t.Error("a plugin that was killed doesn't count as passing")
	}
}
