package proof

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// managedPolicyARN is the prefix of the ARNs of AWS managed policies.
const managedPolicyARN = "arn:aws:iam::aws:policy/"

// identities are an account's IAM users, groups, roles and own policies. AWS lists them with all
// their permissions, which takes fewer calls than reading each.
type identities struct {
	users    map[string]iamtypes.UserDetail
	groups   map[string]iamtypes.GroupDetail
	roles    map[string]iamtypes.RoleDetail
	sessions map[string]int32  // maximum session durations in seconds, by role
	policies map[string]string // documents of the account's own policies, by ARN
	err      error             // why they couldn't be read
}

func readIdentities(ctx context.Context, a *account) *identities {
	found := &identities{
		users:    map[string]iamtypes.UserDetail{},
		groups:   map[string]iamtypes.GroupDetail{},
		roles:    map[string]iamtypes.RoleDetail{},
		sessions: map[string]int32{},
		policies: map[string]string{},
	}
	if found.err = a.unreachable; found.err == nil {
		found.err = cmp.Or(found.read(ctx, a.iam), found.readSessions(ctx, a.iam))
	}
	return found
}

func (f *identities) read(ctx context.Context, client *iam.Client) error {
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(client, &iam.GetAccountAuthorizationDetailsInput{
		Filter: []iamtypes.EntityType{
			iamtypes.EntityTypeUser, iamtypes.EntityTypeGroup, iamtypes.EntityTypeRole, iamtypes.EntityTypeLocalManagedPolicy,
		},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, user := range page.UserDetailList {
			f.users[aws.ToString(user.UserName)] = user
		}
		for _, group := range page.GroupDetailList {
			f.groups[aws.ToString(group.GroupName)] = group
		}
		for _, role := range page.RoleDetailList {
			f.roles[aws.ToString(role.RoleName)] = role
		}
		for _, policy := range page.Policies {
			for _, version := range policy.PolicyVersionList {
				if version.IsDefaultVersion {
					f.policies[aws.ToString(policy.Arn)] = aws.ToString(version.Document)
				}
			}
		}
	}
	return nil
}

// readSessions reads the roles' maximum session durations, which the other list leaves out.
func (f *identities) readSessions(ctx context.Context, client *iam.Client) error {
	pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, role := range page.Roles {
			f.sessions[aws.ToString(role.RoleName)] = aws.ToInt32(role.MaxSessionDuration)
		}
	}
	return nil
}

func (f *identities) user(name string) (iamtypes.UserDetail, error) {
	return named(f, f.users, "user", name)
}

func (f *identities) group(name string) (iamtypes.GroupDetail, error) {
	return named(f, f.groups, "group", name)
}

func (f *identities) role(name string) (iamtypes.RoleDetail, error) {
	return named(f, f.roles, "role", name)
}

func named[T any](f *identities, all map[string]T, kind, name string) (T, error) {
	one, ok := all[name]
	switch {
	case f.err != nil:
		return one, f.err
	case !ok:
		return one, fmt.Errorf("the account has no %s %s", kind, name)
	}
	return one, nil
}

// policy returns one of the account's own policies.
func (f *identities) policy(arn string) (*policyDocument, error) {
	text, ok := f.policies[arn]
	switch {
	case f.err != nil:
		return nil, f.err
	case !ok:
		return nil, fmt.Errorf("the account has no policy %s", arn)
	}
	return parsePolicy(text)
}

// members returns the users who are in a group.
func (f *identities) members(group string) []string {
	var members []string
	for name, user := range f.users {
		if slices.Contains(user.GroupList, group) {
			members = append(members, name)
		}
	}
	return members
}

// inline returns the statements of all inline policies as one document.
func inline(policies []iamtypes.PolicyDetail) (*policyDocument, error) {
	all := &policyDocument{}
	for _, policy := range policies {
		d, err := parsePolicy(aws.ToString(policy.PolicyDocument))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", aws.ToString(policy.PolicyName), err)
		}
		all.Statement = append(all.Statement, d.Statement...)
	}
	return all, nil
}

// noInline checks that there are no inline policies.
func noInline(policies []iamtypes.PolicyDetail) error {
	var names []string
	for _, policy := range policies {
		names = append(names, aws.ToString(policy.PolicyName))
	}
	if len(names) > 0 {
		return fmt.Errorf("it has the inline policy %s", listed(names))
	}
	return nil
}

// attachedOnly checks that exactly the managed policies with the given ARNs are attached.
func attachedOnly(attached []iamtypes.AttachedPolicy, arns ...string) error {
	var found []string
	for _, policy := range attached {
		found = append(found, aws.ToString(policy.PolicyArn))
	}
	return exactly(found, arns)
}

// managed returns the ARNs of AWS managed policies.
func managed(names ...string) []string {
	var arns []string
	for _, name := range names {
		arns = append(arns, managedPolicyARN+name)
	}
	return arns
}

// customerManaged returns the ARNs of policies that an account has.
func customerManaged(account string, policies []string) (arns []string) {
	for _, p := range organization.FullPolicies(policies) {
		arns = append(arns, "arn:aws:iam::"+account+":policy"+p)
	}
	return arns
}

// exactly checks that two lists have the same elements, in any order.
func exactly(found, want []string) error {
	lacks, besides := missing(found, want), missing(want, found)
	switch {
	case len(lacks) > 0 && len(besides) > 0:
		return fmt.Errorf("it lacks %s, and has %s", listed(lacks), listed(besides))
	case len(lacks) > 0:
		return fmt.Errorf("it lacks %s", listed(lacks))
	case len(besides) > 0:
		return fmt.Errorf("it also has %s", listed(besides))
	}
	return nil
}

// missing returns the wanted strings that weren't found.
func missing(found, wanted []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return slices.Contains(found, w) })
}

// listed writes a list in alphabetical order.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}
