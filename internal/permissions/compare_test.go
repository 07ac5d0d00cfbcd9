package permissions_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// A change of a guardrail or of a role is told by what it opens and closes.
func TestCompare(t *testing.T) {
	t.Parallel()
	own := func(statement policy.Statement) func(*organization.Organization) {
		return func(o *organization.Organization) {
			o.Guardrails.Policies = map[string][]policy.Statement{"mine": {statement}}
			prod := o.Accounts["prod"]
			prod.Guardrails = []string{"mine"}
			o.Accounts["prod"] = prod
		}
	}
	before := declared(t, nil)
	for name, c := range map[string]struct {
		change func(*organization.Organization)
		want   []permissions.Change
	}{
		"nothing": {nil, nil},
		"a guardrail in one account": {
			own(policy.Statement{Effect: policy.Deny, Action: policy.List{"iam:CreateRole"}, Resource: policy.List{"*"}}),
			[]permissions.Change{
				{Who: "admin", Accounts: []string{"prod"}, Closes: []string{"iam:CreateRole"}, By: []string{"statement 1 of the service control policy acme-mine at account prod"}},
				{Who: "coldstart", Accounts: []string{"prod"}, Closes: []string{"iam:CreateRole"}, By: []string{"statement 1 of the service control policy acme-mine at account prod"}},
			},
		},
		"a guardrail for some resources": {
			own(policy.Statement{Effect: policy.Deny, Action: policy.List{"s3:DeleteObject"}, Resource: policy.List{"arn:aws:s3:::precious-*/*"}}),
			[]permissions.Change{
				{Who: "admin", Accounts: []string{"prod"}, Closes: []string{"s3:DeleteObject"}, By: []string{"statement 1 of the service control policy acme-mine at account prod"}},
				{Who: "coldstart", Accounts: []string{"prod"}, Closes: []string{"s3:DeleteObject"}, By: []string{"statement 1 of the service control policy acme-mine at account prod"}},
			},
		},
		"a guardrail that depends on something": {
			own(policy.Statement{Effect: policy.Deny, Action: policy.List{"ec2:RebootInstances"}, Resource: policy.List{"*"}, Condition: policy.Condition{"IpAddress": {"aws:SourceIp": {"192.0.2.0/24"}}}}),
			[]permissions.Change{
				{Who: "admin", Accounts: []string{"prod"}, Closes: []string{"ec2:RebootInstances"}, By: []string{"can't tell without aws:SourceIp"}},
				{Who: "coldstart", Accounts: []string{"prod"}, Closes: []string{"ec2:RebootInstances"}, By: []string{"can't tell without aws:SourceIp"}},
			},
		},
		"a resource control policy": {
			func(o *organization.Organization) {
				o.Settings.PolicyTypes = append(o.Settings.PolicyTypes, organization.ResourceControlPolicy)
				own(policy.Statement{Effect: policy.Deny, Principal: &policy.Principal{Everyone: true}, Action: policy.List{"s3:DeleteObject"}, Resource: policy.List{"*"}})(o)
			},
			[]permissions.Change{
				{Who: "admin", Accounts: []string{"prod"}, Closes: []string{"s3:DeleteObject"}, By: []string{"statement 1 of the resource control policy acme-mine at account prod"}},
				{Who: "coldstart", Accounts: []string{"prod"}, Closes: []string{"s3:DeleteObject"}, By: []string{"statement 1 of the resource control policy acme-mine at account prod"}},
			},
		},
		"another region": {
			func(o *organization.Organization) {
				o.Guardrails.Regions = []string{"us-west-2", "us-east-1", "eu-west-1"}
			},
			nil, // In the organization's own region nothing changes.
		},
		"a role that may more": {
			func(o *organization.Organization) {
				r := o.Access.Roles["readonly"]
				r.Statements = append(r.Statements, policy.Statement{Effect: policy.Allow, Action: policy.List{"s3:PutObject"}, Resource: policy.List{"*"}})
				o.Access.Roles["readonly"] = r
			},
			[]permissions.Change{{
				Who: "readonly", Accounts: []string{"audit", "corp", "data", "dev", "identity", "master", "prod", "security", "staging", "testing"}, Opens: []string{"s3:PutObject"},
			}},
		},
	} {
		if diff := cmp.Diff(c.want, permissions.Compare(before, declared(t, c.change))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A change of a role is one of its permission set, too. Only where the two ways differ is one named.
func TestCompareByBothWays(t *testing.T) {
	t.Parallel()
	before := declared(t, byBoth)
	more := func(o *organization.Organization, role string, s policy.Statement) {
		r := o.Access.Roles[role]
		r.Statements = append(r.Statements, s)
		o.Access.Roles[role] = r
	}
	publish := policy.Statement{Effect: policy.Deny, Action: policy.List{"sns:Publish"}, Resource: policy.List{"*"}}
	publish.Condition = policy.Condition{"ArnLike": {"aws:PrincipalArn": {"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"}}}
	for name, c := range map[string]struct {
		before *permissions.Documents
		change func(*organization.Organization)
		want   []permissions.Change
	}{
		"a role that may more": {before, func(o *organization.Organization) {
			byBoth(o)
			more(o, "readonly", policy.Statement{Effect: policy.Allow, Action: policy.List{"s3:PutObject"}, Resource: policy.List{"*"}})
		}, []permissions.Change{
			{Who: "readonly", Accounts: []string{"audit", "corp", "data", "dev", "identity", "master", "prod", "security", "staging", "testing"}, Opens: []string{"s3:PutObject"}},
		}},
		"a guardrail for Identity Center alone": {before, func(o *organization.Organization) {
			byBoth(o)
			o.Guardrails.Policies = map[string][]policy.Statement{"mine": {publish}}
			prod := o.Accounts["prod"]
			prod.Guardrails = []string{"mine"}
			o.Accounts["prod"] = prod
		}, []permissions.Change{{
			Who: "admin", Way: organization.WayIdentityCenter, Accounts: []string{"prod"}, Closes: []string{"sns:Publish"},
			By: []string{"statement 1 of the service control policy acme-mine at account prod"},
		}}},
		"people who come in by both": {declared(t, nil), byBoth, nil},
	} {
		if diff := cmp.Diff(c.want, permissions.Compare(c.before, declared(t, c.change))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Who has a role by both declarations, and is kept out by the policies of the second, is locked out.
func TestLockedOut(t *testing.T) {
	t.Parallel()
	// A guardrail on the account of IAM's users keeps them from every role.
	inside := func(o *organization.Organization) {
		deny := policy.Statement{Effect: policy.Deny, Action: policy.List{"sts:AssumeRole"}, Resource: policy.List{"*"}}
		o.Guardrails.Policies = map[string][]policy.Statement{"mine": {deny}}
		identity := o.Accounts["identity"]
		identity.Guardrails = []string{"mine"}
		o.Accounts["identity"] = identity
	}
	before := declared(t, nil)
	locked := permissions.LockedOut(before, declared(t, inside))
	if len(locked) < 3 || locked[0].Who != "ada" || locked[0].Role != "admin" || !strings.Contains(locked[0].Why, "by IAM denied by statement 1 of the service control policy acme-mine") {
		t.Errorf("%+v", locked)
	}
	// By IAM Identity Center they still come in.
	for name, change := range map[string]func(*organization.Organization){
		"nothing changes": nil, "both ways": byBoth,
		"both, of which one is closed": func(o *organization.Organization) { byBoth(o); inside(o) },
		"somebody leaves a group":      func(o *organization.Organization) { o.Users["grace"] = organization.User{} },
	} {
		if locked := permissions.LockedOut(before, declared(t, change)); len(locked) > 0 {
			t.Errorf("%s: %+v", name, locked)
		}
	}
}

// Many actions are counted.
func TestActions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"s3:GetObject s3:PutObject":                    "s3:GetObject, s3:PutObject",
		"ec2:A ec2:B ec2:C s3:A s3:B sns:A":            "3 actions of ec2, such as ec2:A, 2 actions of s3, such as s3:A, sns:A",
		"a:A b:A c:A d:A e:A f:A g:A":                  "7 actions of 7 services, such as a:A",
		strings.TrimSpace(strings.Repeat("ec2:A ", 9)): "9 actions of ec2, such as ec2:A",
	} {
		if got := permissions.Actions(strings.Fields(text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
