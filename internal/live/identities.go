package live

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
)

// identities reads users, groups, roles and the account's own managed policies. AWS's, which all accounts share, are read
// once.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
func (r *reader) identities(ctx context.Context) error {
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(iam.NewFromConfig(r.Config), &iam.GetAccountAuthorizationDetailsInput{
		Filter: []types.EntityType{types.EntityTypeUser, types.EntityTypeGroup, types.EntityTypeRole, types.EntityTypeLocalManagedPolicy},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, p := range page.Policies {
			for _, v := range p.PolicyVersionList {
				if v.IsDefaultVersion {
					r.add(awstype.IAMPolicy, aws.ToString(p.PolicyName), aws.ToString(p.Arn), aws.ToString(p.Arn), map[string]any{"name": aws.ToString(p.PolicyName), "policy": decoded(v.Document)})
				}
			}
		}
		for _, u := range page.UserDetailList {
			r.user(u)
		}
		for _, g := range page.GroupDetailList {
			name := aws.ToString(g.GroupName)
			r.add(awstype.IAMGroup, name, name, aws.ToString(g.Arn), map[string]any{"name": name})
			r.policies("group", name, awstype.IAMGroupPolicy, g.GroupPolicyList, awstype.IAMGroupPolicyAttachment, g.AttachedManagedPolicies)
		}
		for _, role := range page.RoleDetailList {
			name := aws.ToString(role.RoleName)
			r.add(awstype.IAMRole, name, name, aws.ToString(role.Arn), map[string]any{
				"name": name, "assumeRolePolicy": decoded(role.AssumeRolePolicyDocument), "permissionsBoundary": boundary(role.PermissionsBoundary), "tags": tags(role.Tags),
			})
			r.policies("role", name, awstype.IAMRolePolicy, role.RolePolicyList, awstype.IAMRolePolicyAttachment, role.AttachedManagedPolicies)
		}
	}
	return nil
}

// user adds a user with its policies and groups.
func (r *reader) user(u types.UserDetail) {
	name := aws.ToString(u.UserName)
	r.add(awstype.IAMUser, name, name, aws.ToString(u.Arn), map[string]any{"name": name, "permissionsBoundary": boundary(u.PermissionsBoundary), "tags": tags(u.Tags)})
	r.policies("user", name, awstype.IAMUserPolicy, u.UserPolicyList, awstype.IAMUserPolicyAttachment, u.AttachedManagedPolicies)
	var groups []any
	for _, group := range u.GroupList {
		groups = append(groups, group)
	}
	r.add(awstype.IAMUserGroupMembership, name, name, "", map[string]any{"user": name, "groups": groups})
}

// policies adds the inline and the attached policies of a user, a group or a role.
func (r *reader) policies(kind, name, inlineType string, inline []types.PolicyDetail, attachedType string, attached []types.AttachedPolicy) {
	for _, p := range inline {
		r.add(inlineType, aws.ToString(p.PolicyName), name, "", map[string]any{kind: name, "name": aws.ToString(p.PolicyName), "policy": decoded(p.PolicyDocument)})
	}
	for _, p := range attached {
		r.add(attachedType, aws.ToString(p.PolicyName), name, "", map[string]any{kind: name, "policyArn": aws.ToString(p.PolicyArn)})
	}
}

// decoded returns a document of IAM's, which has URL encoding. One that hasn't is as it is.
func decoded(document *string) string {
	text, err := url.PathUnescape(aws.ToString(document))
	if err != nil {
		return aws.ToString(document)
	}
	return text
}

func boundary(b *types.AttachedPermissionsBoundary) string {
	if b == nil {
		return ""
	}
	return aws.ToString(b.PermissionsBoundaryArn)
}

func tags(list []types.Tag) map[string]any {
	tags := map[string]any{}
	for _, t := range list {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

// managed reads AWS's managed policies that are attached to users, groups and roles, or are their boundaries.
func (r *reader) managed(ctx context.Context, resources []inventory.Resource) error {
	client, read := iam.NewFromConfig(r.Config), map[string]bool{}
	for _, res := range resources {
		for _, arn := range []string{res.Text("policyArn"), res.Text("permissionsBoundary")} {
			if !strings.HasPrefix(arn, "arn:aws:iam::aws:policy/") || read[arn] {
				continue
			}
			read[arn] = true
			p, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
			if err != nil {
				return err
			}
			v, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.Policy.DefaultVersionId})
			if err != nil {
				return err
			}
			name := aws.ToString(p.Policy.PolicyName)
			r.add(awstype.IAMPolicy, name, arn, arn, map[string]any{"name": name, "policy": decoded(v.PolicyVersion.Document)})
		}
	}
	return nil
}
