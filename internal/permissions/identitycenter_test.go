package permissions_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// byBoth lets the people of the shipped declaration in by IAM and by IAM Identity Center.
func byBoth(o *organization.Organization) {
	o.Access.People = organization.PeopleBoth
	for name, user := range o.Users {
		user.Email, user.GivenName, user.FamilyName = name+"@acme.example", name, "Example"
		o.Users[name] = user
	}
}

// Those who come in by IAM Identity Center do what they do by IAM, by a way of its own.
func TestAskByIdentityCenter(t *testing.T) {
	t.Parallel()
	d := declared(t, byBoth)
	const byIAM, bySet = "role acme-prod-admin", "permission set acme-admin of IAM Identity Center"
	for name, c := range map[string]struct {
		who, action, in string
		mfa             time.Duration
		with            map[string][]string
		want            map[string]authorization.Outcome // by ways
	}{
		"an administrator deletes an object": {who: "ada", action: "s3:DeleteObject", in: "prod", want: map[string]authorization.Outcome{byIAM: yes, bySet: yes}},
		"a guardrail binds both":             {who: "ada", action: "organizations:LeaveOrganization", in: "prod", want: map[string]authorization.Outcome{byIAM: denied, bySet: denied}},
		"an engineer reads": {who: "grace", action: "ec2:DescribeInstances", in: "prod", want: map[string]authorization.Outcome{
			"role acme-prod-readonly": yes, "permission set acme-readonly of IAM Identity Center": yes,
		}},
		"and decrypts nothing": {who: "grace", action: "kms:Decrypt", in: "prod", want: map[string]authorization.Outcome{
			"role acme-prod-readonly": denied, "permission set acme-readonly of IAM Identity Center": denied,
		}},
		"the management account has a set of its own": {who: "ada", action: "organizations:DetachPolicy", in: "master", want: map[string]authorization.Outcome{
			"role acme-master-admin": yes, "permission set acme-master-admin of IAM Identity Center": yes,
		}},
		"a role's name stands for both": {who: "admin", action: "iam:CreateRole", in: "prod", want: map[string]authorization.Outcome{byIAM: yes, bySet: yes}},
		"a role's full name for IAM":    {who: "acme-prod-admin", action: "iam:CreateRole", in: "prod", want: map[string]authorization.Outcome{byIAM: yes}},
		"and a set's for the set":       {who: "acme-admin", action: "iam:CreateRole", in: "prod", want: map[string]authorization.Outcome{bySet: yes}},
		"a group is whoever is in it":   {who: "group/administrators", action: "iam:CreateRole", in: "prod", want: map[string]authorization.Outcome{bySet: yes}},
		"by its name in the directory":  {who: "group/acme-administrators", action: "iam:CreateRole", in: "prod", want: map[string]authorization.Outcome{bySet: yes}},
		// The age of the second factor binds IAM's roles alone.
		"13 hours after the second factor": {who: "ada", action: "s3:DeleteObject", in: "prod", mfa: 13 * time.Hour, want: map[string]authorization.Outcome{byIAM: no, bySet: yes}},
		"without one":                      {who: "ada", action: "s3:DeleteObject", in: "prod", mfa: organization.NoMFA, want: map[string]authorization.Outcome{byIAM: denied, bySet: cantTell}},
		"if Identity Center asks for one": {
			who: "ada", action: "s3:DeleteObject", in: "prod", mfa: organization.NoMFA, with: map[string][]string{permissions.PromptsForMFA: {"true"}},
			want: map[string]authorization.Outcome{byIAM: denied, bySet: no},
		},
		"if it doesn't": {
			who: "ada", action: "s3:DeleteObject", in: "prod", mfa: organization.NoMFA, with: map[string][]string{permissions.PromptsForMFA: {"false"}},
			want: map[string]authorization.Outcome{byIAM: denied, bySet: yes},
		},
	} {
		a, err := d.Ask(permissions.Question{Who: c.who, Action: c.action, Account: c.in, MFA: c.mfa, Keys: c.with})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range a.Ways {
			if want, expected := c.want[w.As]; expected && w.Outcome() != want {
				t.Errorf("%s: as %s %s, not %s: %s", name, w.As, w.Outcome(), want, explain(a))
			}
			delete(c.want, w.As)
		}
		if len(c.want) > 0 {
			t.Errorf("%s: no way %v among %s", name, c.want, explain(a))
		}
	}
	everybody := d.Everybody("prod")
	if n := len(slices.DeleteFunc(everybody, func(who string) bool { return who != "admin" })); n != 1 {
		t.Errorf("admin is %d times among everybody", n)
	}
}

// What a policy says of MFA, AWS can't tell of a session of IAM Identity Center's: it is never there with the value true.
func TestMFAOfFederation(t *testing.T) {
	t.Parallel()
	own := func(effect policy.Effect, operator, value string) policy.Statement {
		return policy.Statement{Effect: effect, Action: policy.List{"sqs:SendMessage"}, Resource: policy.List{"*"}, Condition: policy.Condition{operator: {"aws:MultiFactorAuthPresent": {value}}}}
	}
	for name, c := range map[string]struct {
		statement policy.Statement
		want      authorization.Outcome
	}{
		"allowed with MFA alone":                     {own(policy.Allow, "Bool", "true"), no},
		"denied where there is no MFA":               {own(policy.Deny, "BoolIfExists", "false"), denied},
		"denied where it is said that there is none": {own(policy.Deny, "Bool", "false"), cantTell},
	} {
		d := declared(t, func(o *organization.Organization) {
			byBoth(o)
			o.Access.Roles["sender"] = organization.Role{Session: time.Hour, Statements: []policy.Statement{c.statement}}
			if c.statement.Effect == policy.Deny {
				o.Access.Roles["sender"] = organization.Role{Session: time.Hour, ManagedPolicies: []string{"AdministratorAccess"}, Statements: []policy.Statement{c.statement}}
			}
			o.Access.Groups["senders"] = map[string][]string{"prod": {"sender"}}
		})
		a, err := d.Ask(permissions.Question{Who: "group/senders", Action: "sqs:SendMessage", Account: "prod"})
		if err != nil || a.Outcome != c.want {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

// Conditions see the ARN of the role that IAM Identity Center makes, and not that of IAM's.
func TestARNOfReservedRole(t *testing.T) {
	t.Parallel()
	d := declared(t, func(o *organization.Organization) {
		byBoth(o)
		mine := policy.Statement{
			Effect: policy.Deny, Action: policy.List{"sqs:SendMessage"}, Resource: policy.List{"*"},
			Condition: policy.Condition{"ArnLike": {"aws:PrincipalArn": {"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}}},
		}
		o.Guardrails.Policies = map[string][]policy.Statement{"mine": {mine}}
		prod := o.Accounts["prod"]
		prod.Guardrails = []string{"mine"}
		o.Accounts["prod"] = prod
	})
	a, err := d.Ask(permissions.Question{Who: "ada", Action: "sqs:SendMessage", Account: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range a.Ways {
		if want := map[bool]authorization.Outcome{true: denied, false: yes}[strings.HasPrefix(w.As, "permission set")]; w.Outcome() != want {
			t.Errorf("as %s: %s", w.As, w.Outcome())
		}
	}
	if len(a.Ways) != 2 {
		t.Error(explain(a))
	}
}

// Of an external directory the users aren't known: its groups are asked about.
func TestAskAboutGroups(t *testing.T) {
	t.Parallel()
	d := declared(t, func(o *organization.Organization) {
		byBoth(o)
		o.Access.Directory, o.Access.DirectoryGroups = organization.DirectoryExternal, map[string]string{"administrators": "Cloud Admins"}
	})
	for who, want := range map[string]authorization.Outcome{"group/administrators": yes, "group/Cloud Admins": yes, "group/engineers": no, "ada": yes} {
		a, err := d.Ask(permissions.Question{Who: who, Action: "iam:CreateRole", Account: "prod"})
		if err != nil || a.Outcome != want {
			t.Errorf("%s: %v, %v", who, a, err)
		}
	}
	if all := d.Everybody("prod"); !slices.Contains(all, "group/Cloud Admins") || !slices.Contains(all, "ada") {
		t.Error(all)
	}
	if _, err := d.Ask(permissions.Question{Who: "group/nobody", Action: "iam:CreateRole", Account: "prod"}); err == nil || !strings.Contains(err.Error(), "group/Cloud Admins") {
		t.Error(err)
	}
}

// Accounts that have roles of IAM Identity Center are as alike as before.
func TestAlikeWithIdentityCenter(t *testing.T) {
	t.Parallel()
	// In data and prod, a group has the role readonly.
	want := [][]string{{"audit"}, {"corp", "dev", "security", "staging", "testing"}, {"data", "prod"}, {"identity"}, {"master"}}
	if diff := cmp.Diff(want, declared(t, byBoth).Alike()); diff != "" {
		t.Error(diff)
	}
}

// Where people come in by IAM Identity Center alone, IAM lets in users for emergencies, and nobody is locked out by the step.
func TestIdentityCenterAlone(t *testing.T) {
	t.Parallel()
	emergency := func(o *organization.Organization) {
		byBoth(o)
		for _, name := range []string{"glass", "pane"} {
			o.Users[name] = organization.User{Groups: []string{"administrators"}, Keybase: name, Emergency: true}
		}
	}
	before := declared(t, emergency)
	after := declared(t, func(o *organization.Organization) {
		emergency(o)
		o.Access.People = organization.PeopleIdentityCenter
	})
	for who, want := range map[string][]string{
		"ada":   {"permission set acme-admin of IAM Identity Center"},
		"glass": {"role acme-prod-admin"},
		"admin": {"role acme-prod-admin", "permission set acme-admin of IAM Identity Center"},
	} {
		a, err := after.Ask(permissions.Question{Who: who, Action: "iam:CreateRole", Account: "prod"})
		if err != nil {
			t.Errorf("%s: %v", who, err)
			continue
		}
		var ways []string
		for _, w := range a.Ways {
			ways = append(ways, w.As)
		}
		if diff := cmp.Diff(want, ways); diff != "" || a.Outcome != yes {
			t.Errorf("%s: %s: %s", who, a.Outcome, diff)
		}
	}
	if everybody := strings.Join(after.Everybody("prod"), " "); !strings.HasPrefix(everybody, "ada glass grace pane admin ") {
		t.Error(everybody)
	}
	if locked := permissions.LockedOut(before, after); len(locked) > 0 {
		t.Errorf("%+v", locked)
	}
	if changes := permissions.Compare(before, after); len(changes) > 0 {
		t.Errorf("%+v", changes)
	}
}
