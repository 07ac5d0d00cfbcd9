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
