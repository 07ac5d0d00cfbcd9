package program_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// people is an organization whose people come in both ways.
func people(t *testing.T, more string) *organization.Organization {
	t.Helper()
	org, err := organization.Parse("f", []byte(`config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {app: {}, logs: {}, people: {}}
  coldstart:audit: {account: logs}
`+more))
	if err != nil {
		t.Fatal(err)
	}
	return org
}

const peopleOfAcme = `  coldstart:access:
    people: both
    account: people
    roles: {ops: {managedPolicies: [PowerUserAccess, job-function/Billing], boundary: [{Effect: Allow, Action: "ec2:*", Resource: "*"}], session: 90m, relayState: https://console.aws.amazon.com/ec2}}
    groups: {admins: {master: [admin], "*": [admin]}, ops: {app: [ops, readonly]}}
  coldstart:users:
    ada: {groups: [admins], email: ada@acme.example, givenName: Ada, familyName: Lovelace}
    grace: {groups: [ops, logs-readonly], email: grace@acme.example, givenName: Grace, familyName: Hopper}
`

// inputsOf returns an input of each resource of a type by the resource's name.
func inputsOf(result *pulumitest.Result, typ, input string) map[string]any {
	all := map[string]any{}
	for _, r := range result.Resources {
		if r.Type == typ {
			all[r.Name] = r.At(input)
		}
	}
	return all
}

// TestPeople declares people in Identity Center: the directory and the management account's permission sets in the management account's
// stack, all others in that of the account which administers it.
func TestPeople(t *testing.T) {
	t.Parallel()
	org, w := people(t, peopleOfAcme), nothing()
	results := w.up(t, org, org.Stacks())
	master, administrator := results["master"], results["people"]
	for _, c := range []struct {
		name       string
		result     *pulumitest.Result
		typ, input string
		want       map[string]any
	}{
		{"groups", master, pulumitest.DirectoryGroup, "displayName", map[string]any{"admins": "acme-admins", "ops": "acme-ops", "logs-readonly": "acme-logs-readonly"}},
		{"users", master, pulumitest.DirectoryUser, "displayName", map[string]any{"ada": "Ada Lovelace", "grace": "Grace Hopper"}},
		{"memberships", master, pulumitest.DirectoryMembership, "groupId", map[string]any{"ada--admins": "g-admins", "grace--ops": "g-ops", "grace--logs-readonly": "g-logs-readonly"}},
		{"sets of the management account", master, pulumitest.PermissionSet, "name", map[string]any{"master-admin": "acme-master-admin"}},
		{"assignments in the management account", master, pulumitest.AccountAssignment, "targetId", map[string]any{"master-admin--master--admins": pulumitest.MasterID}},
		{"sets", administrator, pulumitest.PermissionSet, "name", map[string]any{"admin": "acme-admin", "ops": "acme-ops", "readonly": "acme-readonly"}},
		{"sessions", administrator, pulumitest.PermissionSet, "sessionDuration", map[string]any{"admin": "PT1H", "ops": "PT1H30M", "readonly": "PT1H"}},
		{"beginnings", administrator, pulumitest.PermissionSet, "relayState", map[string]any{"admin": nil, "ops": "https://console.aws.amazon.com/ec2", "readonly": nil}},
		{"policies", administrator, pulumitest.PermissionSetPolicy, "managedPolicyArn", map[string]any{
			"admin-AdministratorAccess": "arn:aws:iam::aws:policy/AdministratorAccess", "ops-PowerUserAccess": "arn:aws:iam::aws:policy/PowerUserAccess",
			"ops-job-function-Billing": "arn:aws:iam::aws:policy/job-function/Billing", "readonly-ReadOnlyAccess": "arn:aws:iam::aws:policy/ReadOnlyAccess",
		}},
		{"boundaries", administrator, pulumitest.PermissionSetBoundary, "permissionsBoundary", map[string]any{
			"ops": map[string]any{"customerManagedPolicyReference": map[string]any{"name": "acme--ops-boundary"}},
		}},
		{"assignments", administrator, pulumitest.AccountAssignment, "principalId", map[string]any{
			"admin--app--admins": "g-admins", "admin--logs--admins": "g-admins", "admin--people--admins": "g-admins",
			"ops--app--ops": "g-ops", "readonly--app--ops": "g-ops", "readonly--logs--logs-readonly": "g-logs-readonly",
		}},
		{"policies of the boundary", administrator, pulumitest.ManagedPolicy, "name", map[string]any{
			"ops-boundary": "acme-people-ops-boundary", "self-service": "acme-people-self-service", "ops--app": "acme--ops-boundary",
		}},
		{"administrators", administrator, pulumitest.DelegatedAdministrator, "servicePrincipal", map[string]any{"permission-sets": "sso.amazonaws.com"}},
	} {
		if diff := gocmp.Diff(c.want, inputsOf(c.result, c.typ, c.input)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
	for _, r := range administrator.Resources {
		switch r.Name {
		case "ops--app":
			if r.Provider != "inside-app" {
				t.Errorf("the policy of the boundary is declared through %s", r.Provider)
			}
		case "permission-sets":
			if r.Type == pulumitest.DelegatedAdministrator && r.Provider != "master" {
				t.Errorf("the delegation is declared through %s", r.Provider)
			}
		}
	}
}

// TestPeopleFromOneAccount declares everything in the management account's stack if no member has the users.
func TestPeopleFromOneAccount(t *testing.T) {
	t.Parallel()
	org, w := people(t, "  coldstart:access: {people: both, groups: {admins: {master: [admin], \"*\": [admin]}}}\n"), nothing()
	results := w.up(t, org, org.Stacks())
	want := map[string]any{"admin": "acme-admin", "master-admin": "acme-master-admin"}
	if diff := gocmp.Diff(want, inputsOf(results["master"], pulumitest.PermissionSet, "name")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := len(inputsOf(results["master"], pulumitest.AccountAssignment, "targetId")); n != 4 {
		t.Errorf("%d assignments, not 4", n)
	}
	if len(inputsOf(results["people"], pulumitest.AccountAssignment, "targetId")) > 0 {
		t.Error("a member assigns, too")
	}
}

// TestAssignmentsFollowOneAnother keeps ten assignments under way, and one of a permission set in an account.
func TestAssignmentsFollowOneAnother(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, 30)
	for i := range 30 {
		names = append(names, "a"+strings.Repeat("x", i))
	}
	org := people(t, "  coldstart:access: {people: both, groups: {one: {\"*\": [admin]}, two: {\"*\": [admin]}}}\n")
	for _, name := range names {
		org.Accounts[name] = organization.Account{}
	}
	result := nothing().up(t, org, org.Stacks()[:1])["master"]
	first, urns := 0, map[string]string{}
	for _, r := range result.Resources {
		urns[r.URN] = r.Name
	}
	for _, r := range result.Resources {
		if r.Type != pulumitest.AccountAssignment || strings.Contains(r.Name, "--master--") {
			continue
		}
		before := slices.DeleteFunc(slices.Clone(r.DependsOn), func(urn string) bool {
			return !strings.Contains(urn, "accountAssignment") || strings.Contains(urns[urn], "--master--")
		})
		switch account, two := strings.CutSuffix(r.Name, "two"); {
		case two && !slices.ContainsFunc(before, func(urn string) bool { return urns[urn] == account+"one" }):
			t.Errorf("%s doesn't wait for the other group's: %v", r.Name, before)
		case len(before) == 0:
			first++
		}
	}
	if first != 10 {
		t.Errorf("%d assignments begin at once, and AWS makes 10", first)
	}
}

// TestLanesOfNewAccounts assigns in a new account, and by a new permission set, as many at once as AWS does: any account's assignments are in
// all ten lanes, and so are any permission set's.
func TestLanesOfNewAccounts(t *testing.T) {
	t.Parallel()
	const sets = 20
	var roles, granted strings.Builder
	for i := range sets {
		fmt.Fprintf(&roles, "      r%02d: {managedPolicies: [ReadOnlyAccess]}\n", i)
		fmt.Fprintf(&granted, "%sr%02d", map[bool]string{false: ", "}[i == 0], i)
	}
	for _, n := range []int{9, 10, 20, 25} {
		org := people(t, "  coldstart:access:\n    people: both\n    roles:\n"+roles.String()+"    groups: {all: {\"*\": ["+granted.String()+"]}}\n")
		for i := len(org.Accounts); i < n; i++ {
			org.Accounts[fmt.Sprintf("a%02d", i)] = organization.Account{}
		}
		result := nothing().up(t, org, org.Stacks()[:1])["master"]
		urns, lanes := map[string]pulumitest.Resource{}, map[string]string{}
		for _, r := range result.Resources {
			urns[r.URN] = r
		}
		// Each lane begins with an assignment that follows none.
		var lane func(r pulumitest.Resource) string
		lane = func(r pulumitest.Resource) string {
			if lanes[r.Name] == "" {
				lanes[r.Name] = r.Name
				for _, urn := range r.DependsOn {
					if urns[urn].Type == pulumitest.AccountAssignment {
						lanes[r.Name] = lane(urns[urn])
					}
				}
			}
			return lanes[r.Name]
		}
		inAccount, ofSet := map[string]int{}, map[string]int{}
		for _, r := range result.Resources {
			if r.Type == pulumitest.AccountAssignment {
				parts := strings.Split(r.Name, "--")
				inAccount[parts[1]+" in the lane of "+lane(r)]++
				ofSet[parts[0]+" in the lane of "+lane(r)]++
			}
		}
		for what, count := range inAccount {
			if count > sets/10 {
				t.Errorf("%d accounts: account %s: %d permission sets", n, what, count)
			}
		}
		for what, count := range ofSet {
			if count > (n+9)/10+1 {
				t.Errorf("%d accounts: permission set %s: %d accounts", n, what, count)
			}
		}
	}
}

// TestPermissionSetsFollowOneAnother keeps four permission sets coming or going at the same time: nothing waits for its turn that is deleted.
func TestPermissionSetsFollowOneAnother(t *testing.T) {
	t.Parallel()
	var roles strings.Builder
	for i := range 14 {
		fmt.Fprintf(&roles, "      r%02d: {managedPolicies: [ReadOnlyAccess, PowerUserAccess]}\n", i)
	}
	org := people(t, "  coldstart:access:\n    people: both\n    roles:\n"+roles.String()+
		"    groups: {all: {\"*\": [r00, r01, r02, r03, r04, r05, r06, r07, r08, r09, r10, r11, r12, r13]}}\n")
	result, first, types := nothing().up(t, org, org.Stacks()[:1])["master"], 0, map[string]string{}
	for _, r := range result.Resources {
		types[r.URN] = r.Type
	}
	for _, r := range result.Resources {
		if r.Type == pulumitest.PermissionSet && !slices.ContainsFunc(r.DependsOn, func(urn string) bool { return types[urn] == pulumitest.PermissionSetPolicy }) {
			first++
		}
	}
	if first != 4 {
		t.Errorf("%d permission sets depend on none before them, not 4", first)
	}
}

// TestPeopleTakeTurns lets everything in IAM Identity Center be created and updated in its turn: AWS counts all calls together.
func TestPeopleTakeTurns(t *testing.T) {
	t.Parallel()
	org, w := people(t, strings.Replace(peopleOfAcme, "people: both", "people: both\n    attributes: {team: enterprise.department}", 1)), nothing()
	counted := map[string]int{}
	w.up(t, org, org.Stacks())
	for _, stack := range []string{"master", "people"} {
		paced := pulumitest.Run{Stack: stack, Answers: w.answers()}.Do(t, program.For(org, program.Settings{Dir: t.TempDir(), Pace: 1e9}))
		for _, r := range paced.Resources {
			if strings.HasPrefix(r.Type, "aws:ssoadmin/") || strings.HasPrefix(r.Type, "aws:identitystore/") {
				counted[r.Type]++
				if len(r.BeforeCreate) != 1 || len(r.BeforeUpdate) != 1 {
					t.Errorf("%s: %s %s doesn't wait for its turn", stack, r.Type, r.Name)
				}
			} else if len(r.BeforeCreate)+len(r.BeforeUpdate) > 0 {
				t.Errorf("%s: %s %s waits for a turn in IAM Identity Center", stack, r.Type, r.Name)
			}
			if len(r.BeforeDelete) > 0 {
				t.Errorf("%s: `pulumi destroy` can't delete %s %s: it runs no program", stack, r.Type, r.Name)
			}
		}
	}
	if len(counted) < 8 {
		t.Errorf("there are only %v", counted)
	}
}

// TestPeopleWithoutIdentityCenter says what to do, and does everything else.
func TestPeopleWithoutIdentityCenter(t *testing.T) {
	t.Parallel()
	org, w := people(t, peopleOfAcme), nothing()
	w.instances = pulumitest.NoInstances
	results := w.up(t, org, org.Stacks())
	const want = "nobody comes in by IAM Identity Center yet: it isn't enabled, and AWS has no API for that. Sign in to the management account, open " +
		"https://us-west-2.console.aws.amazon.com/singlesignon/home?region=us-west-2, choose Enable, and run again"
	if !slices.Contains(results["master"].Messages, want) {
		t.Errorf("messages are %q", results["master"].Messages)
	}
	if !slices.Contains(results["people"].Messages, "permission sets follow when IAM Identity Center is enabled") {
		t.Errorf("messages are %q", results["people"].Messages)
	}
	for stack, result := range results {
		for _, r := range result.Resources {
			if strings.HasPrefix(r.Type, "aws:ssoadmin") || strings.HasPrefix(r.Type, "aws:identitystore") {
				t.Errorf("stack %s declares %s", stack, r.URN)
			}
		}
	}
	// The member's stack doesn't go ahead of the management account's.
	w.instances = nil
	w.up(t, org, org.Stacks()[:1])
	delete(w.stacks["master"]["identityCenter"].(map[string]any)["groups"].(map[string]any), "ops")
	if err := w.try(t, org, "people", false).Err; err == nil || !strings.Contains(err.Error(), "the groups of IAM Identity Center aren't there yet: run `pulumi up --stack master` first") {
		t.Error(err)
	}
}

// TestExternalPeople looks groups up, writes no users, and names the groups that aren't there.
func TestExternalPeople(t *testing.T) {
	t.Parallel()
	org, w := people(t, strings.ReplaceAll(peopleOfAcme, "people: both\n", "people: both\n    directory: external\n    directoryGroups: {admins: AWS Admins}\n")), nothing()
	w.groups = pulumitest.DirectoryGroups("AWS Admins", "acme-logs-readonly")
	results := w.up(t, org, org.Stacks())
	const missing = `the directory has no group "acme-ops", so nobody is assigned what the group ops grants: let the identity provider send it, or write its name under coldstart:access.directoryGroups, and run again`
	if !slices.Contains(results["master"].Messages, missing) {
		t.Errorf("messages are %q", results["master"].Messages)
	}
	want := map[string]any{
		"admin--app--admins": "g-AWS Admins", "admin--logs--admins": "g-AWS Admins", "admin--people--admins": "g-AWS Admins",
		"readonly--logs--logs-readonly": "g-acme-logs-readonly",
	}
	if diff := gocmp.Diff(want, inputsOf(results["people"], pulumitest.AccountAssignment, "principalId")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if users := inputsOf(results["master"], pulumitest.DirectoryUser, "userName"); len(users) > 0 {
		t.Errorf("users are written: %v", users)
	}
	w.groups = func(map[string]any) (map[string]any, error) { return nil, errors.New("AccessDeniedException") }
	if err := w.try(t, org, "master", false).Err; err == nil || !strings.Contains(err.Error(), "AccessDeniedException") {
		t.Error(err)
	}
}

// TestPreviewOfPeople shows what comes before anything exists.
func TestPreviewOfPeople(t *testing.T) {
	t.Parallel()
	org := people(t, peopleOfAcme)
	results := nothing().preview(t, org, org.Stacks())
	if got := inputsOf(results["people"], pulumitest.AccountAssignment, "principalType"); len(got) != 6 {
		t.Errorf("%d assignments, not 6: %v", len(got), got)
	}
}

// TestAnotherAccountOfPeople doesn't let another account administer Identity Center at once: the two stacks would have permission sets of the
// same names, and the one would delete what the other has taken over.
func TestAnotherAccountOfPeople(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"app", "master"} {
		w := nothing()
		org := people(t, peopleOfAcme)
		w.up(t, org, org.Stacks())
		moved := people(t, strings.Replace(peopleOfAcme, "account: people", "account: "+other, 1))
		want := `coldstart:access.account: "` + other + `" was "people", which administers IAM Identity Center: write people: iam, run ` +
			"`coldstart up`" + `, and write people: both with the other account after that`
		for _, stack := range []string{"master", "people"} {
			if err := w.try(t, moved, stack, true).Err; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", stack, err)
			}
		}
		w.run(t, people(t, strings.Replace(strings.Replace(peopleOfAcme, "account: people", "account: "+other, 1), "people: both", "people: iam", 1)), "master", true)
	}
}

const policiesOfAcme = `  coldstart:access:
    people: both
    account: people
    attributes: {Team: enterprise.department}
    roles: {ops: {managedPolicies: [PowerUserAccess], customerManagedPolicies: [team, /teams/more], accounts: [app]}}
    groups: {ops: {app: [ops]}}
`

// TestCustomerManagedPolicies attaches policies that an account has to its role and to the permission set.
func TestCustomerManagedPolicies(t *testing.T) {
	t.Parallel()
	org, w := people(t, policiesOfAcme), nothing()
	results := w.up(t, org, org.Stacks())
	app := w.stacks["master"]["accounts"].(map[string]any)["app"].(map[string]any)["id"].(string)
	attached := inputsOf(results["app"], pulumitest.RolePolicyAttachment, "policyArn")
	for name, want := range map[string]string{"ops--team": "arn:aws:iam::" + app + ":policy/team", "ops--teams-more": "arn:aws:iam::" + app + ":policy/teams/more"} {
		if attached[name] != want {
			t.Errorf("%s attaches %v, not %s", name, attached[name], want)
		}
	}
	want := map[string]any{"ops--team": map[string]any{"name": "team", "path": "/"}, "ops--teams-more": map[string]any{"name": "more", "path": "/teams/"}}
	if diff := gocmp.Diff(want, inputsOf(results["people"], pulumitest.PermissionSetCustomer, "customerManagedPolicyReference")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	attributes := inputsOf(results["master"], pulumitest.AccessAttributes, "attributes")
	wantAttributes := map[string]any{"attributes": []any{map[string]any{"key": "Team", "values": []any{map[string]any{"sources": []any{"${path:enterprise.department}"}}}}}}
	if diff := gocmp.Diff(wantAttributes, attributes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestAccountsThatLackPolicies don't get the role, and nobody is assigned the permission set there. A role that is there stays.
func TestAccountsThatLackPolicies(t *testing.T) {
	t.Parallel()
	org, w := people(t, policiesOfAcme), nothing()
	w.policies = pulumitest.LacksPolicy
	results := w.up(t, org, org.Stacks())
	if len(inputsOf(results["people"], pulumitest.AccountAssignment, "targetId")) > 0 {
		t.Error("somebody is assigned a permission set that AWS can't provision")
	}
	if _, there := inputsOf(results["app"], pulumitest.Role, "name")["ops"]; there {
		t.Error("the role is made without its policies")
	}
	const role = "coldstart:access.roles.ops.customerManagedPolicies: account app lacks the policy /team and the policy /teams/more"
	if !slices.Contains(results["app"].Messages, role+", so the role isn't made there yet: make the policy there, and run again") {
		t.Errorf("messages are %q", results["app"].Messages)
	}
	const set = "nobody is assigned the permission set acme-ops in account app, which lacks the policy /team and the policy /teams/more: make it there, and run again"
	if !slices.Contains(results["people"].Messages, set) {
		t.Errorf("messages are %q", results["people"].Messages)
	}
	w.policies = nil
	w.up(t, org, org.Stacks())
	w.policies = pulumitest.LacksPolicy
	if err := w.try(t, org, "app", false).Err; err == nil || !strings.Contains(err.Error(), role+", and has the role: make the policy there, or take it out of the role, and run again") {
		t.Error(err)
	}
}

// TestAssignmentsAndTheirBoundary deletes an assignment before the policy of its boundary, though the permission set itself stays.
func TestAssignmentsAndTheirBoundary(t *testing.T) {
	t.Parallel()
	org := people(t, peopleOfAcme)
	administrator := nothing().up(t, org, org.Stacks())["people"]
	urns := map[string]string{}
	for _, r := range administrator.Resources {
		urns[r.URN] = r.Name
	}
	for _, r := range administrator.Resources {
		if r.Name == "ops--app--ops" && !slices.ContainsFunc(r.DependsOn, func(urn string) bool { return urns[urn] == "ops--app" }) {
			t.Errorf("the assignment doesn't depend on the policy of the boundary: %v", r.DependsOn)
		}
	}
}
