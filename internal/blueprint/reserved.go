package blueprint

import (
	"cmp"
	"maps"
	"slices"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// permissionSet is a permission set of IAM Identity Center's with its policies, as it is drawn.
type permissionSet struct {
	set      inventory.Resource
	managed  []string // ARNs
	others   []string // paths and names of policies that each account has
	inline   string
	boundary string // such a path and name
	accounts map[string]bool
}

// reserved returns the roles that IAM Identity Center makes of the permission sets among drawn resources: one of each set in each account that
// the set is assigned in, with the set's policies.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
func reserved(drawn []inventory.Resource) (roles []inventory.Resource) {
	sets := permissionSets(drawn)
	for _, arn := range slices.Sorted(maps.Keys(sets)) {
		for _, account := range slices.Sorted(maps.Keys(sets[arn].accounts)) {
			roles = append(roles, sets[arn].roleIn(account)...)
		}
	}
	return roles
}

// permissionSets returns the permission sets among drawn resources by their ARNs.
func permissionSets(drawn []inventory.Resource) map[string]*permissionSet {
	sets := map[string]*permissionSet{}
	for _, r := range drawn {
		if r.Type == awstype.SSOAdminPermissionSet {
			sets[r.ARN] = &permissionSet{set: r, accounts: map[string]bool{}}
		}
	}
	for _, r := range drawn {
		s := sets[r.Text("permissionSetArn")]
		switch r.Type {
		case awstype.SSOAdminManagedPolicyAttachment:
			s.managed = append(s.managed, r.Text("managedPolicyArn"))
		case awstype.SSOAdminPermissionSetInlinePolicy:
			s.inline = r.Text("inlinePolicy")
		case awstype.SSOAdminCustomerManagedPolicyAttachment:
			s.others = append(s.others, customerManaged(r.Inputs))
		case awstype.SSOAdminPermissionsBoundaryAttachment:
			boundary, _ := r.Inputs["permissionsBoundary"].(map[string]any)
			s.boundary = customerManaged(boundary)
		case awstype.SSOAdminAccountAssignment:
			s.accounts[r.Text("targetId")] = true
		}
	}
	return sets
}

// customerManaged returns the path and the name of the customer managed policy that inputs refer to. The path is / if it isn't given.
func customerManaged(inputs map[string]any) string {
	reference, _ := inputs["customerManagedPolicyReference"].(map[string]any)
	path, _ := reference["path"].(string)
	name, _ := reference["name"].(string)
	return cmp.Or(path, "/") + name
}

// roleIn returns the role of a permission set in an account, and the policies of the role.
func (s *permissionSet) roleIn(account string) []inventory.Resource {
	name, path := organization.ReservedRoleName(s.set.Text("name"), digits(account+s.set.ID, 16)), organization.ReservedRolePath(s.set.Region)
	policies := "arn:aws:iam::" + account + ":policy"
	made := func(typ, arn string, inputs map[string]any) inventory.Resource {
		return inventory.Resource{Type: typ, Name: name, Account: account, Region: s.set.Region, ID: name, ARN: arn, Inputs: inputs}
	}
	role := made(awstype.IAMRole, "arn:aws:iam::"+account+":role"+path+name, map[string]any{"name": name, "path": path, "assumeRolePolicy": reservedTrust(account)})
	if s.boundary != "" {
		role.Inputs["permissionsBoundary"] = policies + s.boundary
	}
	roles, attached := []inventory.Resource{role}, slices.Clone(s.managed)
	for _, other := range s.others {
		attached = append(attached, policies+other)
	}
	for _, arn := range attached {
		roles = append(roles, made(awstype.IAMRolePolicyAttachment, "", map[string]any{"role": name, "policyArn": arn}))
	}
	if s.inline != "" {
		roles = append(roles, made(awstype.IAMRolePolicy, "", map[string]any{"role": name, "name": "AwsSSOInlinePolicy", "policy": s.inline}))
	}
	return roles
}

// reservedTrust is the trust policy of such a role: the account's identity provider of IAM Identity Center.
func reservedTrust(account string) string {
	trust, err := policy.Document{Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: &policy.Principal{Federated: policy.List{"arn:aws:iam::" + account + ":saml-provider/AWSSSO_0000000000000000_DO_NOT_DELETE"}},
		Action:    policy.List{"sts:AssumeRoleWithSAML", "sts:TagSession"},
		Condition: policy.Condition{"StringEquals": {"SAML:aud": policy.List{"https://signin.aws.amazon.com/saml"}}},
	}}}.JSON()
	if err != nil {
		panic("a trust policy is JSON: " + err.Error())
	}
	return trust
}
