//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// withLab is populated with an account more, in which somebody is assigned a permission set.
var withLab = strings.NewReplacer("app: {},", "app: {}, lab: { closeOnDelete: true },", "app: [ops, readonly]", "app: [ops, readonly], lab: [ops]").Replace(populated)

// withoutLab is withLab once lab is to be closed.
var withoutLab = strings.NewReplacer(" lab: { closeOnDelete: true },", "", ", lab: [ops]", "").Replace(withLab)

// TestPeopleDisturbed makes calls fail that bring people in by IAM Identity Center, and calls that take them out again. AWS has taken many of
// these calls, and the state doesn't have what they made. Each run has to go on.
func TestPeopleDisturbed(t *testing.T) {
	begin(t)
	for name, c := range map[string]struct{ comes, leaves string }{
		// The boundary's policy is the last that is made in IAM: the others are there. It goes first when an account leaves.
		"kill-after": {
			comes:  "action=iam:CreatePolicy:kill-after,action=sso:CreateAccountAssignment@8:kill-coldstart",
			leaves: "action=sso:DeleteAccountAssignment@2:kill-coldstart,action=iam:DeletePolicy:kill-after,action=organizations:CloseAccount:kill-after",
		},
		// The client tries again, and AWS has it already.
		"drop-after": {},
		// AWS fails three times in a row.
		"500*3": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := func(more string, actions ...string) string {
				var faults []string
				for _, action := range actions {
					faults = append(faults, "action="+action+":"+name)
				}
				return strings.TrimSuffix(strings.Join(faults, ",")+","+more, ",")
			}
			w, s := newWorld(t, strings.Replace(withLab, "people: both", "people: iam", 1)), &stand{}
			w.limited(proxy.Options{Scale: 10, Rules: s.before(limits.Unhurried)})
			w.up()
			must(t, w.emulator.EnableIdentityCenter(t.Context(), "eu-west-1"))

			w.declare(withLab)
			w.again(s, plan(c.comes,
				"identitystore:CreateGroup", "identitystore:CreateUser", "identitystore:CreateGroupMembership", "organizations:RegisterDelegatedAdministrator",
				"sso:CreatePermissionSet", "sso:AttachManagedPolicyToPermissionSet", "sso:PutInlinePolicyToPermissionSet", "sso:PutPermissionsBoundaryToPermissionSet",
				"sso:CreateAccountAssignment", "sso:CreateAccountAssignment@4", "sso:CreateAccountAssignment@7",
			), nil)
			w.settledPeople()

			w.ok(coldstart(), "destroy", "lab", "--unprotect", "--yes")
			w.declare(withoutLab)
			w.again(s, plan(c.leaves, "sso:DeleteAccountAssignment"), nil)
			w.settledPeople()
			w.nobodyIn("lab")

			w.declare(strings.Replace(withoutLab, "people: both", "people: iam", 1))
			w.again(s, plan("",
				"sso:DeleteAccountAssignment", "sso:DeletePermissionsBoundaryFromPermissionSet", "sso:DeleteInlinePolicyFromPermissionSet", "sso:DeletePermissionSet",
				"organizations:DeregisterDelegatedAdministrator", "identitystore:DeleteGroupMembership", "identitystore:DeleteGroup", "identitystore:DeleteUser",
			), nil)
			w.settledPeople()
		})
	}
}

// again brings the organization up, again after each fault of a plan. After, if not nil, is called after each run.
func (w *world) again(s *stand, text string, after func(run int)) {
	w.t.Helper()
	var pid atomic.Int64
	plan, injector := w.injected(s, text, &pid)
	defer injector.Stop()
	for runs := 1; ; runs++ {
		up := w.start(coldstart(), "up", "--yes")
		pid.Store(int64(up.Process.Pid))
		err := up.Wait()
		if after != nil {
			after(runs)
		}
		if err == nil {
			break
		}
		if runs > len(plan)+2 {
			w.t.Fatalf("%s: no run of %d went well", plan, runs)
		}
	}
	for _, i := range injector.Injected() {
		w.t.Logf("injected: %s", i)
	}
	if pending := injector.Pending(); len(pending) > 0 {
		w.t.Errorf("never happened: %s", pending)
	}
}

// settledPeople checks that another run changes nothing, and that AWS has what is declared.
func (w *world) settledPeople() {
	w.t.Helper()
	time.Sleep(time.Second) // In which an assignment of a killed run ends.
	w.unchanged()
	w.proved()
}

// nobodyIn checks that IAM Identity Center has no assignments in an account of populated, closed or not.
func (w *world) nobodyIn(name string) {
	w.t.Helper()
	ctx := context.Background()
	is, err := identitycenter.Find(ctx, w.emulator.Config("eu-west-1"), []string{"eu-west-1", "eu-central-1"})
	must(w.t, err)
	account := w.accounts()[fmt.Sprintf("aws+%s@pop.example", name)].Id
	sets, err := is.Admin.ListPermissionSetsProvisionedToAccount(ctx, &ssoadmin.ListPermissionSetsProvisionedToAccountInput{InstanceArn: &is.ARN, AccountId: account})
	must(w.t, err)
	if len(sets.PermissionSets) > 0 {
		w.t.Errorf("%s (%s) still has %s", name, aws.ToString(account), sets.PermissionSets)
	}
}

// TestPeopleOfAClosedAccount closes an account in the update in which people stop coming in by IAM Identity Center, and in an update of one
// stack after another.
func TestPeopleOfAClosedAccount(t *testing.T) {
	begin(t)
	for name, c := range map[string]struct {
		people string
		orders [][]string
	}{
		"at once":          {"iam", [][]string{{}}},
		"stack by stack":   {"both", [][]string{{"people"}, {"master"}, {}}},
		"master by itself": {"iam", [][]string{{"master"}, {}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, withLab)
			w.up("master")
			must(t, w.emulator.EnableIdentityCenter(t.Context(), "eu-west-1"))
			w.up()
			w.ok(coldstart(), "destroy", "lab", "--unprotect", "--yes")
			w.declare(strings.Replace(withoutLab, "people: both", "people: "+c.people, 1))
			for _, stacks := range c.orders {
				w.up(stacks...)
			}
			w.unchanged()
			w.proved()
			w.nobodyIn("lab")
		})
	}
}
