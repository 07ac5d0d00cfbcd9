package taken

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
)

// maxItems is the maximum number of items in one answer of IAM's.
const maxItems = 1000

func roleNames(l looker) []string {
	if l.master() {
		return l.org.MasterRoles()
	}
	var names []string
	for _, role := range l.org.IAMRoles(l.Name) {
		names = append(names, l.org.Name(l.Name, role))
	}
	if l.org.Access.GitHub.Repository != "" {
		names = append(names, l.org.Name(l.Name, organization.RolePlan), l.org.Name(l.Name, organization.RoleApply))
	}
	return names
}

func roles(ctx context.Context, l looker, _ []string) ([]item, error) {
	p := iam.NewListRolesPaginator(iam.NewFromConfig(l.cfg), &iam.ListRolesInput{MaxItems: aws.Int32(maxItems)})
	return pages(ctx, p, func(page *iam.ListRolesOutput) []item {
		return items(page.Roles, func(r types.Role) item { return item{name: *r.RoleName, id: *r.RoleName} })
	})
}

func roleTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := iam.NewFromConfig(l.cfg).ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &i.id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, iamPair), nil
}

func userNames(l looker) []string {
	if !l.people() {
		return nil
	}
	return l.org.IAMUsers()
}

func users(ctx context.Context, l looker, _ []string) ([]item, error) {
	p := iam.NewListUsersPaginator(iam.NewFromConfig(l.cfg), &iam.ListUsersInput{MaxItems: aws.Int32(maxItems)})
	return pages(ctx, p, func(page *iam.ListUsersOutput) []item {
		return items(page.Users, func(u types.User) item { return item{name: *u.UserName, id: *u.UserName} })
	})
}

func userTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := iam.NewFromConfig(l.cfg).ListUserTags(ctx, &iam.ListUserTagsInput{UserName: &i.id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, iamPair), nil
}

func groupNames(l looker) []string {
	if !l.people() {
		return nil
	}
	names := []string{l.org.Name(l.Name, organization.SelfServiceName)}
	for _, group := range l.org.IAMGroups() {
		names = append(names, l.org.GroupName(group.Name))
	}
	return names
}

func groups(ctx context.Context, l looker, _ []string) ([]item, error) {
	p := iam.NewListGroupsPaginator(iam.NewFromConfig(l.cfg), &iam.ListGroupsInput{MaxItems: aws.Int32(maxItems)})
	return pages(ctx, p, func(page *iam.ListGroupsOutput) []item {
		return items(page.Groups, func(g types.Group) item { return item{name: *g.GroupName, id: *g.GroupName} })
	})
}

func policyNames(l looker) []string {
	if !l.people() {
		return nil
	}
	return []string{l.org.Name(l.Name, organization.SelfServiceName)}
}

func policies(ctx context.Context, l looker, _ []string) ([]item, error) {
	p := iam.NewListPoliciesPaginator(iam.NewFromConfig(l.cfg), &iam.ListPoliciesInput{MaxItems: aws.Int32(maxItems), Scope: types.PolicyScopeTypeLocal})
	return pages(ctx, p, func(page *iam.ListPoliciesOutput) []item {
		return items(page.Policies, func(p types.Policy) item { return item{name: *p.PolicyName, id: *p.Arn} })
	})
}

func policyTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := iam.NewFromConfig(l.cfg).ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: &i.id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, iamPair), nil
}

// issuers returns the URL of GitHub's issuer. If somebody else has created the provider, coldstart
// uses it without having it in a state. So only a first run looks for it.
func issuers(l looker) []string {
	if l.org.Access.GitHub.Repository == "" || !l.First {
		return nil
	}
	return []string{"https://" + organization.GitHubIssuer}
}

// providers returns the provider of the issuer if coldstart can't use it as it is.
func providers(ctx context.Context, l looker, names []string) ([]item, error) {
	arn := "arn:aws:iam::" + l.ID + ":oidc-provider/" + organization.GitHubIssuer
	out, err := iam.NewFromConfig(l.cfg).GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if awserror.Absent(err) {
		return nil, nil
	}
	if err != nil || slices.Contains(out.ClientIDList, wellknown.Audience) {
		return nil, err
	}
	return []item{{name: names[0], id: arn, note: ", and this one doesn't have the audience " + wellknown.Audience}}, nil
}

func providerTags(ctx context.Context, l looker, i item) (map[string]string, error) {
	out, err := iam.NewFromConfig(l.cfg).ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: &i.id})
	if err != nil {
		return nil, err
	}
	return tagged(out.Tags, iamPair), nil
}
