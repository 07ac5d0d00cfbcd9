//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestPoliciesOfOthers gives a role and a permission set a policy that another program makes in the account, once it is there.
func TestPoliciesOfOthers(t *testing.T) {
	begin(t)
	w := newWorld(t, strings.NewReplacer("ops: { managedPolicies: [PowerUserAccess],", "ops: { managedPolicies: [PowerUserAccess], accounts: [app], customerManagedPolicies: [/teams/ops],",
		"people: both", "people: both\n    attributes: { Team: title }").Replace(populated))
	w.up("master")
	must(t, w.emulator.EnableIdentityCenter(t.Context(), "eu-west-1"))
	out := w.ok(coldstart(), "up", "--yes")
	contains(t, out, "account app lacks the policy /teams/ops, so the role isn't made there yet: make the policy there, and run again",
		"nobody is assigned the permission set pop-ops in account app, which lacks the policy /teams/ops: make it there, and run again")
	w.reserved("app", "pop-admin: AdministratorAccess", "pop-readonly: ReadOnlyAccess and its own")
	out, _ = w.run(coldstart(), "doctor")
	contains(t, out, "lacks /teams/ops, which coldstart:access.roles names")

	in := iam.NewFromConfig(w.watched("app", "eu-west-1"))
	made, err := in.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("ops"), Path: aws.String("/teams/"), PolicyDocument: aws.String(denyReading)})
	must(t, err)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.reserved("app", "pop-admin: AdministratorAccess", "pop-ops: PowerUserAccess ops within pop--ops-boundary", "pop-readonly: ReadOnlyAccess and its own")
	attached, err := in.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: aws.String("pop-app-ops")})
	must(t, err)
	if len(attached.AttachedPolicies) != 2 {
		t.Errorf("the role has %d policies, and not both", len(attached.AttachedPolicies))
	}
	contains(t, w.ok(coldstart(), "doctor"), "every account that exists has the policies that roles name")

	// A policy more that nobody has made stops the account's stack: the role is there.
	w.declare(strings.NewReplacer("ops: { managedPolicies: [PowerUserAccess],", "ops: { managedPolicies: [PowerUserAccess], accounts: [app], customerManagedPolicies: [/teams/ops, more],",
		"people: both", "people: both\n    attributes: { Team: displayName }").Replace(populated))
	out, err = w.run(coldstart(), "preview")
	if err == nil {
		t.Error("a preview says nothing of the policy that isn't there")
	}
	contains(t, out, "account app lacks the policy /more, and has the role: make the policy there, or take it out of the role, and run again")
	w.declare(populated)
	contains(t, w.ok(coldstart(), "preview"), "Sessions of IAM Identity Center get no tags from the directory any more.")
	w.up()
	w.unchanged()
	w.proved()
	if _, err := in.DeletePolicy(t.Context(), &iam.DeletePolicyInput{PolicyArn: made.Policy.Arn}); err != nil {
		t.Errorf("coldstart still uses the policy: %v", err)
	}
}
