//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
)

// populated is an organization whose people come in by IAM and by IAM Identity Center.
const populated = `
config:
  coldstart:namespace: pop
  coldstart:domain: pop.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@pop.example
  coldstart:accounts: { app: {}, people: {} }
  coldstart:audit: none
  coldstart:guardrails: { regions: [eu-west-1, eu-central-1] }
  coldstart:access:
    account: people
    people: both
    roles:
      ops: { managedPolicies: [PowerUserAccess], boundary: [{ Effect: Allow, NotAction: "iam:*", Resource: "*" }], session: 90m }
    groups: { admins: { master: [admin], "*": [admin] }, ops: { app: [ops, readonly] } }
  coldstart:users:
    ada: { groups: [admins], email: ada@pop.example, givenName: Ada, familyName: Lovelace }
    grace: { groups: [ops, people-readonly], email: grace@pop.example, givenName: Grace, familyName: Hopper }
  coldstart:expect:
    nobody-leaves: { who: anybody, cannot: organizations:LeaveOrganization, because: outside there are no guardrails }
`

// TestPeople brings people in by IAM Identity Center, once it is enabled, and changes who may what on later days.
func TestPeople(t *testing.T) {
	begin(t)
	w := newWorld(t, populated)
	contains(t, w.ok(coldstart(), "up", "--yes"), "nobody comes in by IAM Identity Center yet", "choose Enable, and run again")
	w.reserved("app")
	out, _ := w.run(coldstart(), "doctor")
	contains(t, out, "not enabled in eu-west-1 or eu-central-1; AWS has no API for that")
	must(t, w.emulator.EnableIdentityCenter(context.Background(), "eu-central-1"))
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.reserved("", "pop-master-admin: AdministratorAccess")
	w.reserved("app", "pop-admin: AdministratorAccess", "pop-ops: PowerUserAccess within pop--ops-boundary", "pop-readonly: ReadOnlyAccess and its own")
	w.reserved("people", "pop-admin: AdministratorAccess", "pop-readonly: ReadOnlyAccess and its own")

	// What AWS has lets people in by both ways, as the declaration says.
	for _, action := range []string{"ec2:RunInstances", "iam:ListRoles"} {
		declared, _ := w.run(coldstart(), "can", "grace", action, "--in", "app")
		read, _ := w.run(coldstart(), "can", "grace", action, "--in", "app", "--live")
		contains(t, read, "as role pop-app-ops", "as permission set pop-ops of IAM Identity Center", "assigned to group pop-ops: allowed", "permissions boundary")
		contains(t, read, strings.TrimSpace(declared))
	}

	contains(t, w.ok(coldstart(), "aws-config", "--identity-center", "--user", "grace"), "[sso-session pop]", "sso_region = eu-central-1",
		"[profile pop-app-ops]\nregion = eu-west-1\nsso_session = pop\nsso_account_id = "+aws.ToString(w.accounts()["aws+app@pop.example"].Id)+"\nsso_role_name = pop-ops\n")
	out, _ = w.run(coldstart(), "doctor")
	contains(t, out, "enabled in eu-central-1; whether it asks for MFA no API says: open https://eu-central-1.console.aws.amazon.com/singlesignon/home?region=eu-central-1")

	// Whatever somebody changes by hand is found, and brought in line.
	w.meddled()

	w.declare(strings.Replace(populated, "account: people", "account: app", 1))
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		t.Error("another account administers Identity Center at once")
	}
	contains(t, out, `coldstart:access.account: "app" was "people", which administers IAM Identity Center`)

	// An account, a role in another account, and another session more; a person less.
	more := strings.NewReplacer("app: {},", "app: {}, lab: {},", "ops: { app: [ops, readonly] }", `ops: { app: [ops], "*": [readonly] }`, "session: 90m", "session: 2h",
		"    ada: { groups: [admins], email: ada@pop.example, givenName: Ada, familyName: Lovelace }\n", "").Replace(populated)
	w.declare(more)
	contains(t, w.ok(coldstart(), "preview"), "Users of IAM Identity Center are deleted, with their passwords and MFA devices.")
	w.up()
	w.unchanged()
	w.proved()
	w.reserved("app", "pop-admin: AdministratorAccess", "pop-ops: PowerUserAccess within pop--ops-boundary", "pop-readonly: ReadOnlyAccess and its own")
	w.reserved("lab", "pop-admin: AdministratorAccess", "pop-readonly: ReadOnlyAccess and its own")

	// Before an account is closed, its assignments are taken away: AWS does that no more afterwards.
	w.declare(strings.Replace(more, "lab: {}", "lab: { closeOnDelete: true }", 1))
	w.ok(coldstart(), "up", "master", "--yes")
	w.ok(coldstart(), "destroy", "lab", "--unprotect", "--yes")
	more = strings.Replace(more, "lab: {}, ", "", 1)
	w.declare(more)
	contains(t, w.ok(coldstart(), "up", "--yes"), "runs before master, since it takes away what lets people into lab")
	w.unchanged()
	w.proved()

	w.declare(strings.Replace(more, "people: both", "people: iam", 1))
	contains(t, w.ok(coldstart(), "preview"), "Groups lose an account in IAM Identity Center.")
	w.up()
	w.unchanged()
	w.proved()
	w.reserved("")
	w.reserved("app")

	// Groups of an identity provider that it hasn't sent yet are named, and nothing fails.
	w.declare(strings.NewReplacer("people: both", "people: both\n    directory: external\n    directoryGroups: { admins: Cloud Admins }").Replace(more))
	contains(t, w.ok(coldstart(), "preview"), `the directory has no group "Cloud Admins", so nobody is assigned what the group admins grants`, `the directory has no group "pop-ops"`)
}

// reserved checks the roles that IAM Identity Center has made in an account; in the management account if name is empty.
func (w *world) reserved(name string, want ...string) {
	w.t.Helper()
	client := iam.NewFromConfig(w.watched(name, "eu-west-1"))
	roles, err := client.ListRoles(context.Background(), &iam.ListRolesInput{PathPrefix: aws.String("/aws-reserved/sso.amazonaws.com/")})
	must(w.t, err)
	found := []string{}
	for _, r := range roles.Roles {
		role, err := client.GetRole(context.Background(), &iam.GetRoleInput{RoleName: r.RoleName})
		must(w.t, err)
		attached, err := client.ListAttachedRolePolicies(context.Background(), &iam.ListAttachedRolePoliciesInput{RoleName: r.RoleName})
		must(w.t, err)
		inline, err := client.ListRolePolicies(context.Background(), &iam.ListRolePoliciesInput{RoleName: r.RoleName})
		must(w.t, err)
		set, _, _ := strings.Cut(strings.TrimPrefix(*r.RoleName, "AWSReservedSSO_"), "_")
		text := set + ":"
		for _, p := range attached.AttachedPolicies {
			text += " " + *p.PolicyName
		}
		if len(inline.PolicyNames) > 0 {
			text += " and its own"
		}
		if b := role.Role.PermissionsBoundary; b != nil {
			text += " within " + (*b.PermissionsBoundaryArn)[strings.LastIndex(*b.PermissionsBoundaryArn, "/")+1:]
		}
		found = append(found, text)
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		w.t.Errorf("account %q has the roles %q, not %q", name, found, want)
	}
}

// meddled assigns a permission set to a user by hand, takes an assignment away, and adds somebody to a group.
func (w *world) meddled() {
	w.t.Helper()
	ctx := context.Background()
	is, err := identitycenter.Find(ctx, w.emulator.Config("eu-west-1"), []string{"eu-central-1"})
	must(w.t, err)
	sets, err := is.Sets(ctx)
	must(w.t, err)
	groups, err := is.Groups(ctx)
	must(w.t, err)
	grace, err := is.User(ctx, "grace")
	must(w.t, err)
	app := w.accounts()["aws+app@pop.example"].Id
	_, err = is.Admin.CreateAccountAssignment(ctx, &ssoadmin.CreateAccountAssignmentInput{
		InstanceArn: &is.ARN, PermissionSetArn: aws.String(sets["pop-admin"]), PrincipalType: "USER", PrincipalId: &grace, TargetType: "AWS_ACCOUNT", TargetId: app,
	})
	must(w.t, err)
	_, err = is.Admin.DeleteAccountAssignment(ctx, &ssoadmin.DeleteAccountAssignmentInput{
		InstanceArn: &is.ARN, PermissionSetArn: aws.String(sets["pop-ops"]), PrincipalType: "GROUP", PrincipalId: aws.String(groups["pop-ops"]), TargetType: "AWS_ACCOUNT", TargetId: app,
	})
	must(w.t, err)
	_, err = is.Directory.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{
		IdentityStoreId: &is.Store, GroupId: aws.String(groups["pop-admins"]), MemberId: &identitystoretypes.MemberIdMemberUserId{Value: grace},
	})
	must(w.t, err)
	time.Sleep(6 * time.Second) // So long assignments take in the rehearsal.
	found := w.unproved()
	for claim, why := range map[string]string{
		"permission set pop-admin is assigned as declared": "it also has " + grace,
		"permission set pop-ops is assigned as declared":   "it lacks pop-ops",
		"pop-admins of IAM Identity Center":                "it also has " + grace,
	} {
		if !slices.ContainsFunc(found, func(p proof.Proof) bool { return strings.HasPrefix(p.Claim, claim) && strings.Contains(p.Detail, why) }) {
			w.t.Errorf("%q isn't found wrong, since %s: %+v", claim, why, found)
		}
	}
	w.ok(coldstart(), "refresh")
	w.up()
	// What somebody has added in AWS alone stays, and is said. It is taken away by hand.
	_, err = is.Admin.DeleteAccountAssignment(ctx, &ssoadmin.DeleteAccountAssignmentInput{
		InstanceArn: &is.ARN, PermissionSetArn: aws.String(sets["pop-admin"]), PrincipalType: "USER", PrincipalId: &grace, TargetType: "AWS_ACCOUNT", TargetId: app,
	})
	must(w.t, err)
	membership, err := is.Directory.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{
		IdentityStoreId: &is.Store, GroupId: aws.String(groups["pop-admins"]), MemberId: &identitystoretypes.MemberIdMemberUserId{Value: grace},
	})
	must(w.t, err)
	_, err = is.Directory.DeleteGroupMembership(ctx, &identitystore.DeleteGroupMembershipInput{IdentityStoreId: &is.Store, MembershipId: membership.MembershipId})
	must(w.t, err)
	time.Sleep(6 * time.Second)
	w.proved()
}

// TestRehearsalOfPeople rehearses an organization whose people an external directory has, and in which no member has the users. The
// rehearsal enables Identity Center and sends the groups itself.
func TestRehearsalOfPeople(t *testing.T) {
	begin(t)
	w := newWorld(t, strings.NewReplacer("    account: people\n", "", "people: both", "people: both\n    directory: external\n    directoryGroups: { ops: Operations }\n    attributes: { Team: enterprise.department }",
		"ops: { managedPolicies: [PowerUserAccess],", "ops: { managedPolicies: [PowerUserAccess], customerManagedPolicies: [/teams/ops],",
		", email: ada@pop.example, givenName: Ada, familyName: Lovelace", "", ", email: grace@pop.example, givenName: Grace, familyName: Hopper", "").Replace(populated))
	contains(t, w.ok(coldstart(), "rehearse"), "The rehearsal went well", "not proved: whether the identity provider sends the groups",
		"not proved: what roles may do by customerManagedPolicies", "not proved: what sso does", "not proved: what identitystore does")
	content, err := os.ReadFile(filepath.Join(w.dir, rehearsal.Dir, rehearsal.ReportFile))
	must(t, err)
	var report rehearsal.Report
	must(t, json.Unmarshal(content, &report))
	for _, claim := range []string{
		"permission set pop-ops is assigned as declared: ops in app", "Operations is in the directory of IAM Identity Center", "sessions of IAM Identity Center get the attributes Team",
		"permission set pop-ops has /teams/ops, PowerUserAccess and no other managed policies",
	} {
		if !slices.ContainsFunc(report.Proofs, func(p proof.Proof) bool { return p.Claim == claim && p.Account == "master" }) {
			t.Errorf("nobody has proved that %s", claim)
		}
	}
}

// TestLostPeople takes over a user whom somebody has made by hand, loses the whole state, and rebuilds it.
func TestLostPeople(t *testing.T) {
	begin(t)
	w := newWorld(t, populated)
	w.up()
	ctx := context.Background()
	must(t, w.emulator.EnableIdentityCenter(ctx, "eu-west-1"))
	is, err := identitycenter.Find(ctx, w.emulator.Config("eu-west-1"), []string{"eu-west-1"})
	must(t, err)
	byHand, err := is.Directory.CreateUser(ctx, &identitystore.CreateUserInput{
		IdentityStoreId: &is.Store, UserName: aws.String("ada"), DisplayName: aws.String("A. L."),
		Name:   &identitystoretypes.Name{GivenName: aws.String("A."), FamilyName: aws.String("L.")},
		Emails: []identitystoretypes.Email{{Value: aws.String("ada@pop.example"), Primary: true, Type: aws.String("work")}},
	})
	must(t, err)
	w.up()
	w.unchanged()
	w.proved()
	if ada, err := is.User(ctx, "ada"); err != nil || ada != *byHand.UserId {
		t.Errorf("ada is %s, not %s: %v", ada, *byHand.UserId, err)
	}

	must(t, os.Rename(filepath.Join(w.dir, "backend"), filepath.Join(w.dir, "elsewhere")))
	must(t, os.Mkdir(filepath.Join(w.dir, "backend"), 0o700))
	contains(t, w.ok(coldstart(), "state", "recover", "--yes"), "the state is rebuilt: a preview shows no change")
	w.unchanged()
	w.proved()
}
