// Package waysin finds out in AWS whether people have another way into accounts before one is taken away, for packages program and doctor.
//
//	q := waysin.Query{Organization: org, Config: cfg, IDs: ids, Roles: roles}
//	lacks, err := q.IdentityCenterLacks(ctx)
package waysin

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/organization"
)

// sessionName is in CloudTrail, and says who asked.
const sessionName = "coldstart-ways-in"

// Query says whom to ask about what.
type Query struct {
	Organization *organization.Organization
	// Config is that of the management account.
	Config aws.Config
	// IDs are the accounts' ids by name. An account without one doesn't exist yet, so nobody can lose it.
	IDs map[string]string
	// Roles are the ARNs of the roles by which members are entered.
	Roles map[string]string
}

// IdentityCenterLacks returns what IAM Identity Center doesn't have yet of what people are declared to have there, a sentence each. Nobody
// knows who is in the groups of an external directory, so of those it is asked about the groups and their assignments.
func (q Query) IdentityCenterLacks(ctx context.Context) (lacks []string, err error) {
	is, err := identitycenter.Find(ctx, q.Config, q.Organization.Regions())
	if err != nil {
		return nil, err
	}
	if is == nil {
		return []string{"IAM Identity Center isn't enabled"}, nil
	}
	groups, err := is.Groups(ctx)
	if err != nil {
		return nil, err
	}
	users := map[string]string{} // Nobody knows who is in the groups of an external directory.
	if len(q.Organization.DirectoryUsers()) > 0 {
		if users, err = is.Users(ctx); err != nil {
			return nil, err
		}
	}
	for _, group := range q.Organization.DirectoryGroups() {
		name := q.Organization.DirectoryGroupName(group.Name)
		id, ok := groups[name]
		switch {
		case !ok && q.Organization.ForEmergencies(group.Name):
			continue
		case !ok:
			lacks = append(lacks, fmt.Sprintf("the directory has no group %s", name))
			continue
		}
		missing, err := absent(ctx, is, id, group.Users, users)
		if err != nil {
			return nil, err
		}
		for _, user := range missing {
			lacks = append(lacks, fmt.Sprintf("%s isn't in the group %s of IAM Identity Center", user, name))
		}
	}
	unassigned, err := q.unassigned(ctx, is, groups)
	return append(lacks, unassigned...), err
}

// absent returns which people aren't in a group of the directory. IDs are those of all users of the directory, by name.
func absent(ctx context.Context, is *identitycenter.Instance, group string, people []string, ids map[string]string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	members, err := is.Members(ctx, group)
	return slices.DeleteFunc(slices.Clone(people), func(name string) bool { return slices.Contains(members, ids[name]) }), err
}

// unassigned says which of the directory's groups aren't assigned a permission set in an account.
func (q Query) unassigned(ctx context.Context, is *identitycenter.Instance, groups map[string]string) (lacks []string, err error) {
	sets, err := is.Sets(ctx)
	if err != nil {
		return nil, err
	}
	var declared []string
	for _, group := range q.Organization.DirectoryGroups() {
		if id := groups[q.Organization.DirectoryGroupName(group.Name)]; id != "" {
			declared = append(declared, id)
		}
	}
	assigned, err := is.AssignedTo(ctx, types.PrincipalTypeGroup, declared...)
	if err != nil {
		return nil, err
	}
	for _, set := range slices.Concat(q.Organization.MasterPermissionSets(), q.Organization.PermissionSets()) {
		for _, a := range set.Assignments {
			account, group := q.IDs[a.Account], groups[q.Organization.DirectoryGroupName(a.Group)]
			if account == "" || group == "" {
				continue
			}
			if !slices.Contains(assigned, identitycenter.Assignment{Set: sets[set.Name], Account: account, Principal: group}) {
				lacks = append(lacks, fmt.Sprintf("the group %s isn't assigned the permission set %s in account %s", q.Organization.DirectoryGroupName(a.Group), set.Name, a.Account))
			}
		}
	}
	return lacks, nil
}

// IAMLacks returns what IAM doesn't have yet of the users, memberships and roles that people are declared to have there, a sentence each.
func (q Query) IAMLacks(ctx context.Context) (lacks []string, err error) {
	in := q.Organization.Access.Account
	found, err := names(ctx, iam.NewListUsersPaginator(q.iam(in), &iam.ListUsersInput{}), func(page *iam.ListUsersOutput) (names []string) {
		for _, u := range page.Users {
			names = append(names, aws.ToString(u.UserName))
		}
		return names
	})
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", in, err)
	}
	for _, user := range q.Organization.IAMUsers() {
		if !slices.Contains(found, user) {
			lacks = append(lacks, fmt.Sprintf("account %s has no IAM user %s", in, user))
		}
	}
	outside, err := q.outside(ctx)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", in, err)
	}
	lacks = append(lacks, outside...)
	for _, account := range append([]string{organization.Master}, q.Organization.AccountNames()...) {
		if q.IDs[account] == "" {
			continue
		}
		found, err := names(ctx, iam.NewListRolesPaginator(q.iam(account), &iam.ListRolesInput{}), func(page *iam.ListRolesOutput) (names []string) {
			for _, r := range page.Roles {
				names = append(names, aws.ToString(r.RoleName))
			}
			return names
		})
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", account, err)
		}
		for _, role := range q.Organization.IAMRoles(account) {
			if name := q.Organization.Name(account, role); !slices.Contains(found, name) {
				lacks = append(lacks, fmt.Sprintf("account %s has no IAM role %s", account, name))
			}
		}
	}
	return lacks, nil
}

// outside says which users aren't in an IAM group that they are declared to be in.
func (q Query) outside(ctx context.Context) (lacks []string, err error) {
	for _, group := range q.Organization.IAMGroups() {
		name := q.Organization.GroupName(group.Name)
		members, err := names(ctx, iam.NewGetGroupPaginator(q.iam(q.Organization.Access.Account), &iam.GetGroupInput{GroupName: &name}), func(page *iam.GetGroupOutput) (names []string) {
			for _, u := range page.Users {
				names = append(names, aws.ToString(u.UserName))
			}
			return names
		})
		if err != nil && !awserror.Absent(err) {
			return nil, err
		}
		for _, user := range group.Users {
			if !slices.Contains(members, user) {
				lacks = append(lacks, fmt.Sprintf("%s isn't in the IAM group %s", user, name))
			}
		}
	}
	return lacks, nil
}

// WithoutMFA returns which of the IAM users can't show a second factor, since they have no MFA device, or aren't there.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
func (q Query) WithoutMFA(ctx context.Context, users []string) (without []string, err error) {
	client := q.iam(q.Organization.Access.Account)
	for _, user := range users {
		devices, err := client.ListMFADevices(ctx, &iam.ListMFADevicesInput{UserName: &user})
		switch {
		case awserror.Absent(err):
			without = append(without, user)
		case err != nil:
			return nil, fmt.Errorf("account %s: %w", q.Organization.Access.Account, err)
		case len(devices.MFADevices) == 0:
			without = append(without, user)
		}
	}
	return without, nil
}

// iam returns a client that works in an account.
func (q Query) iam(account string) *iam.Client {
	cfg := q.Config
	if role := q.Roles[account]; role != "" {
		cfg = awsconfig.Assume(cfg, role, sessionName)
	}
	return iam.NewFromConfig(cfg)
}

// pager is a paginator of IAM's.
type pager[T any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, opts ...func(*iam.Options)) (*T, error)
}

// names returns the names on all pages.
func names[T any](ctx context.Context, pages pager[T], of func(*T) []string) (all []string, err error) {
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, of(page)...)
	}
	return all, nil
}
