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
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// moving returns populated with users for emergencies, and people who come in by a way.
func moving(key, way string) string {
	return strings.NewReplacer("people: both", "people: "+way, "  coldstart:expect:", `    one: { groups: [admins], emergency: true, pgpKey: "`+key+`" }
    two: { groups: [master-admin], emergency: true, pgpKey: "`+key+`" }
  coldstart:expect:`).Replace(populated)
}

// TestMovingPeople moves people from IAM to IAM Identity Center. Whatever would take away somebody's only way in is refused, and
// the step that deletes IAM users is killed in the middle.
func TestMovingPeople(t *testing.T) {
	begin(t)
	key := publicKey(t, newKey(t))
	w, s := newWorld(t, moving(key, "iam")), &stand{}
	w.limited(proxy.Options{Scale: 10, Rules: s.before(limits.Unhurried)})
	w.up()
	w.proved()
	w.refusesWay(moving(key, "identity-center"), `coldstart:access.people: "identity-center" was "iam": write people: both, run`)

	// Beside IAM, until everybody can come in.
	w.declare(moving(key, "both"))
	contains(t, w.ok(coldstart(), "up", "--yes"), "nobody comes in by IAM Identity Center yet")
	w.refusesWay(moving(key, "identity-center"), `"identity-center" was "both", and IAM Identity Center isn't enabled: write people: both again`)
	w.declare(moving(key, "both"))
	must(t, w.emulator.EnableIdentityCenter(context.Background(), "eu-west-1"))
	w.up()
	w.unchanged()
	w.proved()
	w.refusesWay(moving(key, "identity-center"), "fewer than 2 users for emergencies can assume a role", "register an MFA device, and try again after that: one, two")
	users := iam.NewFromConfig(w.watched("people", "eu-west-1"))
	for _, user := range []string{"one", "two", "grace"} {
		w.equip(users, user)
	}
	// The member's stack doesn't go ahead.
	out, err := w.run(coldstart(), "up", "app", "--yes")
	if err == nil {
		t.Error("the member's roles are deleted first")
	}
	contains(t, out, "people still come in by both there, and not by identity-center: run `pulumi up --stack master` first")
	w.unassigned("pop-ops", "app")
	w.refusesWay(moving(key, "identity-center"), "somebody would lose the only way in", "the group pop-ops isn't assigned the permission set pop-ops in account app")
	w.declare(moving(key, "both"))
	w.ok(coldstart(), "refresh")
	w.up()

	// IAM's users go, with what they have made for themselves and what others have made for them.
	password, policy := "Correct-horse-1-battery", "arn:aws:iam::aws:policy/IAMUserChangePassword"
	_, err = users.CreateLoginProfile(context.Background(), &iam.CreateLoginProfileInput{UserName: aws.String("grace"), Password: &password})
	must(t, err)
	_, err = users.AttachUserPolicy(context.Background(), &iam.AttachUserPolicyInput{UserName: aws.String("grace"), PolicyArn: &policy})
	must(t, err)
	w.declare(moving(key, "identity-center"))
	contains(t, w.ok(coldstart(), "preview"),
		"ada loses the IAM user in account people, and has the same roles by IAM Identity Center: admin by pop-master-admin in master; admin by pop-admin in app, people",
		"grace loses the IAM user in account people, and has the same roles by IAM Identity Center: ops by pop-ops in app; readonly by pop-readonly in app, people",
		"Users are deleted, with their passwords, access keys and MFA devices.", "Roles are deleted. Sessions of them end")
	w.struck(s, "action=iam:DeleteUser:kill-after", false)
	w.up()
	w.unchanged()
	w.proved()
	w.undrifted()
	w.inIAM("one", "two")
	w.roles("app", "pop-app-admin")
	contains(t, w.ok(coldstart(), "aws-config"), "[sso-session pop]")
	contains(t, w.ok(coldstart(), "access"), "in an emergency")
	_, err = users.CreateUser(context.Background(), &iam.CreateUserInput{UserName: aws.String("eve")})
	must(t, err)
	out, err = w.run(coldstart(), "drift")
	if err == nil {
		t.Error("nobody minds eve")
	}
	contains(t, out, "IAM user eve isn't one of those for emergencies")
	if found := w.unproved(); !slices.ContainsFunc(found, func(p proof.Proof) bool { return p.Claim == "are those for emergencies and no others: one, two" }) {
		t.Errorf("eve is proved to be nobody: %+v", found)
	}
	_, err = users.DeleteUser(context.Background(), &iam.DeleteUserInput{UserName: aws.String("eve")})
	must(t, err)
	w.refusesWay(moving(key, "iam"), `coldstart:access.people: "iam" was "identity-center": write people: both, run`)
	w.declare(moving(key, "identity-center"))
	must(t, os.Rename(filepath.Join(w.dir, "backend"), filepath.Join(w.dir, "elsewhere")))
	must(t, os.Mkdir(filepath.Join(w.dir, "backend"), 0o700))
	contains(t, w.ok(coldstart(), "state", "recover", "--yes"), "the state is rebuilt: a preview shows no change")
	w.unchanged()
	w.proved()
}

// TestMovingPeopleBack begins with IAM Identity Center alone, and moves people to IAM: its users and roles come before assignments go. The step
// that makes IAM's groups is killed, so that nobody is in them.
func TestMovingPeopleBack(t *testing.T) {
	begin(t)
	key := publicKey(t, newKey(t))
	w, s := newWorld(t, moving(key, "identity-center")), &stand{}
	w.limited(proxy.Options{Scale: 10, Rules: s.before(limits.Unhurried)})
	w.up()
	must(t, w.emulator.EnableIdentityCenter(context.Background(), "eu-west-1"))
	w.up()
	w.refusesWay(moving(key, "iam"), `coldstart:access.people: "iam" was "identity-center": write people: both, run`)
	w.declare(moving(key, "both"))
	w.struck(s, "action=iam:CreateGroup:kill-after", false)
	w.refusesWay(moving(key, "iam"), `"iam" was "both", and somebody would lose the only way in`, "Missing:", "grace isn't in the IAM group pop-people-readonly")
	w.declare(moving(key, "both"))
	w.up()
	w.unchanged()
	w.proved()
	w.inIAM("ada", "grace", "one", "two")
	w.roles("app", "pop-app-admin", "pop-app-ops", "pop-app-readonly")
	w.declare(moving(key, "iam"))
	contains(t, w.ok(coldstart(), "preview"), "these users of IAM have no MFA device, and can do nothing before they have registered one: ada, grace, one, two", "Groups lose an account in IAM Identity Center.")
	w.up()
	w.unchanged()
	w.proved()
	w.reserved("app")
}

// refusesWay declares what is refused before anything runs.
func (w *world) refusesWay(declaration string, reasons ...string) {
	w.t.Helper()
	w.declare(declaration)
	for _, args := range [][]string{{"preview"}, {"up", "--yes"}} {
		out, err := w.run(coldstart(), args...)
		if err == nil {
			w.t.Errorf("coldstart %s isn't refused", strings.Join(args, " "))
		}
		contains(w.t, out, reasons...)
	}
}

// inIAM checks which users IAM has.
func (w *world) inIAM(want ...string) {
	w.t.Helper()
	found, err := iam.NewFromConfig(w.watched("people", "eu-west-1")).ListUsers(context.Background(), &iam.ListUsersInput{})
	must(w.t, err)
	var names []string
	for _, u := range found.Users {
		names = append(names, *u.UserName)
	}
	if slices.Sort(names); !slices.Equal(names, want) {
		w.t.Errorf("IAM has the users %q, not %q", names, want)
	}
}

// roles checks which roles an account has for people.
func (w *world) roles(account string, want ...string) {
	w.t.Helper()
	found, err := iam.NewFromConfig(w.watched(account, "eu-west-1")).ListRoles(context.Background(), &iam.ListRolesInput{})
	must(w.t, err)
	var names []string
	for _, r := range found.Roles {
		if strings.HasPrefix(*r.RoleName, "pop-"+account) {
			names = append(names, *r.RoleName)
		}
	}
	if slices.Sort(names); !slices.Equal(names, want) {
		w.t.Errorf("account %s has the roles %q, not %q", account, names, want)
	}
}

// unassigned takes the assignment of a permission set in an account away by hand.
func (w *world) unassigned(set, account string) {
	w.t.Helper()
	ctx := context.Background()
	is, err := identitycenter.Find(ctx, w.emulator.Config("eu-west-1"), []string{"eu-west-1"})
	must(w.t, err)
	sets, err := is.Sets(ctx)
	must(w.t, err)
	groups, err := is.Groups(ctx)
	must(w.t, err)
	_, err = is.Admin.DeleteAccountAssignment(ctx, &ssoadmin.DeleteAccountAssignmentInput{
		InstanceArn: &is.ARN, PermissionSetArn: aws.String(sets[set]), PrincipalType: "GROUP", PrincipalId: aws.String(groups[set]),
		TargetType: "AWS_ACCOUNT", TargetId: w.accounts()["aws+"+account+"@pop.example"].Id,
	})
	must(w.t, err)
	time.Sleep(6 * time.Second) // So long assignments take in the rehearsal.
}

// TestRehearsalOfIdentityCenter rehearses an organization whose people come in by IAM Identity Center from the first day on, and in which
// somebody hears of users for emergencies.
func TestRehearsalOfIdentityCenter(t *testing.T) {
	begin(t)
	w := newWorld(t, strings.NewReplacer("app: {}, people: {}", "app: {}, people: {}, logs: {}", "coldstart:audit: none", "coldstart:audit: { account: logs }\n  coldstart:security: { alarms: soc@pop.example }").
		Replace(moving(publicKey(t, newKey(t)), "identity-center")))
	contains(t, w.ok(coldstart(), "rehearse"), "The rehearsal went well")
	content, err := os.ReadFile(filepath.Join(w.dir, rehearsal.Dir, rehearsal.ReportFile))
	must(t, err)
	var report rehearsal.Report
	must(t, json.Unmarshal(content, &report))
	for _, claim := range []string{
		"are those for emergencies and no others: one, two", "alarm on emergency-users counts events and tells the topic", "permission set pop-ops is assigned as declared: ops in app",
		"one gets into admin of master with MFA",
	} {
		if !slices.ContainsFunc(report.Proofs, func(p proof.Proof) bool { return strings.Contains(p.Claim, claim) }) {
			t.Errorf("nobody has proved that %s", claim)
		}
	}
}
