package organization_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// TestGuardrailsDecide says who may what under the library's guardrails.
func TestGuardrailsDecide(t *testing.T) {
	t.Parallel()
	const (
		iam     = "arn:aws:iam::111111111111:"
		admin   = iam + "role/acme-dev-admin"
		access  = iam + "role/OrganizationAccountAccessRole"
		onAPath = iam + "role/team/OrganizationAccountAccessRole"
	)
	org := parse(t, file("coldstart:access:\n  github: {repository: acme/infra, branch: main}\ncoldstart:guardrails:\n  regions: [us-west-2]"))
	request := func(who, action, resource string, keys ...string) authorization.Request {
		q := authorization.Request{
			Action: action, Resource: resource, Keys: map[string][]string{}, Complete: true,
			Principal: authorization.Principal{Type: typeOf(who), Account: "111111111111", ARN: who, Session: "s"},
		}
		for i := 0; i < len(keys); i += 2 {
			q.Keys[keys[i]] = []string{keys[i+1]}
		}
		return q
	}
	const tag, region = "aws:ResourceTag/ManagedBy", "aws:RequestedRegion"
	for _, c := range []struct {
		guardrail string
		denied    bool
		authorization.Request
	}{
		// An account that was invited has no access role. Nobody makes the exemption.
		{organization.DenyPublicS3, true, request(admin, "iam:CreateRole", access)},
		{organization.ProtectAudit, true, request(admin, "iam:CreateRole", access)},
		{organization.ProtectAccess, true, request(admin, "iam:CreateRole", access)},
		{organization.AllowedRegions, true, request(admin, "iam:CreateRole", access, region, "us-east-1")},
		{organization.AllowedRegions, true, request(iam+"root", "iam:CreateRole", access, region, "us-east-1")},
		{organization.AllowedRegions, true, request(iam+"user/x", "iam:UpdateAssumeRolePolicy", access, region, "us-east-1")},
		{organization.AllowedRegions, false, request(access, "iam:UpdateAssumeRolePolicy", access, region, "us-east-1")},
		{organization.Quarantine, true, request(admin, "iam:CreateRole", access)},
		// A role of that name on a path is another role, without the exemption.
		{organization.ProtectAccess, false, request(admin, "iam:CreateRole", onAPath)},
		{organization.Quarantine, true, request(onAPath, "s3:GetObject", "*")},
		{organization.DenyPublicS3, true, request(onAPath, "s3:PutAccountPublicAccessBlock", "*")},
		// So are users and sessions of that name.
		{organization.Quarantine, true, request(iam+"user/OrganizationAccountAccessRole", "s3:GetObject", "*")},
		{organization.Quarantine, true, request("arn:aws:sts::111111111111:federated-user/OrganizationAccountAccessRole", "s3:GetObject", "*")},
		{organization.Quarantine, true, request(iam+"root", "s3:GetObject", "*")},
		{organization.Quarantine, false, request(access, "s3:GetObject", "*")},

		// Coldstart's own roles, by name and tag.
		{organization.ProtectAccess, true, request(admin, "iam:DetachRolePolicy", admin, tag, "coldstart")},
		{organization.ProtectAccess, true, request(admin, "iam:UntagRole", admin, tag, "coldstart")},
		{organization.ProtectAccess, true, request(admin, "iam:TagRole", admin, tag, "coldstart")},
		{organization.ProtectAccess, true, request(admin, "iam:UpdateAssumeRolePolicy", iam+"role/acme-dev-plan", tag, "coldstart")},
		{organization.ProtectAccess, true, request(admin, "iam:PutRolePolicy", access)},
		{organization.ProtectAccess, false, request(access, "iam:DetachRolePolicy", admin, tag, "coldstart")},
		{organization.ProtectAccess, false, request(admin, "iam:DeleteRole", iam+"role/acme-dev-ci-admin")},
		{organization.ProtectAccess, false, request(admin, "iam:DeleteRole", iam+"role/acme-dev-ci-admin", tag, "terraform")},
		{organization.ProtectAccess, false, request(admin, "iam:DeleteRole", iam+"role/shop", tag, "coldstart")},
		{organization.ProtectAccess, true, request(admin, "iam:CreateOpenIDConnectProvider", iam+"oidc-provider/token.actions.githubusercontent.com")},
		{organization.ProtectAccess, false, request(admin, "iam:CreateOpenIDConnectProvider", iam+"oidc-provider/other.example")},

		// Regions.
		{organization.AllowedRegions, true, request(admin, "ec2:RunInstances", "*", region, "us-east-1")},
		{organization.AllowedRegions, false, request(admin, "ec2:RunInstances", "*", region, "us-west-2")},
		{organization.AllowedRegions, false, request(admin, "cloudtrail:LookupEvents", "*", region, "us-east-1")},
		{organization.AllowedRegions, true, request(admin, "cloudtrail:CreateTrail", "*", region, "us-east-1")},
		{organization.AllowedRegions, false, request(admin, "config:SelectAggregateResourceConfig", "*", region, "us-east-1")},
		{organization.AllowedRegions, false, request(admin, "s3:CreateMultiRegionAccessPoint", "*", region, "us-west-1")},
		{organization.AllowedRegions, true, request(admin, "s3:CreateBucket", "*", region, "us-east-1")},
		{organization.AllowedRegions, false, request(access, "s3:CreateBucket", "*", region, "us-east-1")},
	} {
		guardrail := []authorization.Policy{{Name: c.guardrail, Document: document(t, org, c.guardrail)}}
		d := authorization.Decide(c.Request, authorization.Policies{ServiceControl: []authorization.Level{{Policies: guardrail}}})
		if got := d.Outcome == authorization.DeniedExplicitly; got != c.denied {
			t.Errorf("%s: %+v: %s", c.guardrail, c.Request, d)
		}
	}
}

// typeOf returns what an ARN is that of.
func typeOf(who string) authorization.PrincipalType {
	switch {
	case strings.HasSuffix(who, ":root"):
		return authorization.Root
	case strings.Contains(who, ":user/"):
		return authorization.User
	case strings.Contains(who, ":federated-user/"):
		return authorization.FederatedUser
	}
	return authorization.Role
}

// TestReadOnlyDecryptsNothing keeps the default role for readers from encrypted
// parameters, also where a file says more about the role.
func TestReadOnlyDecryptsNothing(t *testing.T) {
	t.Parallel()
	const role = "coldstart:access:\n  roles:\n    readonly: "
	for declared, want := range map[string]policy.Effect{
		"":                        policy.Deny,
		role + "{session: 2h}":    policy.Deny,
		role + "{statements: []}": "",
		role + `{statements: [{Effect: Allow, Action: "kms:Decrypt", Resource: "*"}]}`: policy.Allow,
	} {
		org := parse(t, file(declared))
		d := policy.Document{Statements: org.Access.Roles[organization.RoleReadOnly].Statements}
		own := authorization.Policies{
			Identity: []authorization.Policy{{Document: d}},
			Resource: &authorization.Policy{Document: policy.Document{Statements: []policy.Statement{{ // Of a key that lets in everybody.
				Effect: policy.Allow, Principal: &policy.Principal{AWS: policy.List{"111111111111"}}, Action: policy.List{"kms:*"}, Resource: policy.List{"*"},
			}}}},
		}
		got := authorization.Decide(authorization.Request{
			Action: "kms:Decrypt", Resource: "arn:aws:kms:us-west-2:111111111111:key/aws-ssm", Complete: true,
			Principal: authorization.Principal{Type: authorization.Role, Account: "111111111111", ARN: "arn:aws:iam::111111111111:role/readonly", Session: "s"},
		}, own)
		if got.Allowed() != (want == policy.Allow) || (got.Outcome == authorization.DeniedExplicitly) != (want == policy.Deny) {
			t.Errorf("%q: %s", declared, got)
		}
	}
}

// TestProtectAccessAtAnySize is as long for a thousand accounts as for one.
func TestProtectAccessAtAnySize(t *testing.T) {
	t.Parallel()
	size := func(accounts int) int {
		org := shipped(t)
		org.Accounts = map[string]organization.Account{}
		for i := range accounts {
			org.Accounts[fmt.Sprintf("a%d", i)] = organization.Account{}
		}
		return len(text(t, document(t, org, organization.ProtectAccess)))
	}
	if few, many := size(1), size(1000); few != many || many > 5120 {
		t.Errorf("%d characters for one account, %d for a thousand", few, many)
	}
}
