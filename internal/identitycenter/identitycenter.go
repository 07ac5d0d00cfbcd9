// Package identitycenter finds the organization's instance of IAM Identity Center, and reads who is assigned what, for packages proof, doctor,
// recovery and waysin.
//
//	instance, err := identitycenter.Find(ctx, cfg, org.Regions())
//	if instance == nil {
//		// It isn't enabled.
//	}
package identitycenter

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssoadmintypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/coldstart-aws/coldstart/internal/pace"
)

// pageSize is how many entries a list is asked for at a time: the most that AWS gives.
const pageSize = 100

// Instance is the organization's instance. Its clients work in the instance's region.
type Instance struct {
	// ARN and Store are the names of the instance and of its identity store, Region is where they are.
	ARN, Store, Region string
	Admin              *ssoadmin.Client
	Directory          *identitystore.Client
}

// Find looks for the instance in each of the regions, since it is in one. It returns nil if there is none. The configuration is that of the
// management account, or of the account that administers Identity Center.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListInstances.html
func Find(ctx context.Context, cfg aws.Config, regions []string) (*Instance, error) {
	for _, region := range regions {
		there := cfg.Copy()
		there.Region = region
		is := Known(there, "", "")
		found, err := is.Admin.ListInstances(ctx, &ssoadmin.ListInstancesInput{})
		if err != nil {
			return nil, fmt.Errorf("looking for IAM Identity Center in %s: %w", region, err)
		}
		if len(found.Instances) > 0 {
			is.ARN, is.Store = aws.ToString(found.Instances[0].InstanceArn), aws.ToString(found.Instances[0].IdentityStoreId)
			return is, nil
		}
	}
	return nil, nil
}

// Known returns an instance whose names are known, in the configuration's region. A caller that needs the directory alone may leave out the
// ARN, and one that doesn't need it the store.
func Known(cfg aws.Config, arn, store string) *Instance {
	return &Instance{ARN: arn, Store: store, Region: cfg.Region, Admin: ssoadmin.NewFromConfig(cfg), Directory: identitystore.NewFromConfig(cfg)}
}

// Paced makes the instance's clients keep within the rate that AWS has for all calls to IAM Identity Center together. Seconds is how many of
// AWS's seconds pass in one; with 0, nobody waits. Several goroutines may use the instance at the same time.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
func (i *Instance) Paced(seconds pace.Pace) *Instance {
	turns := pace.NewTurns(pace.IdentityCenterCalls, seconds)
	waits := middleware.FinalizeMiddlewareFunc("pace", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if err := turns.Wait(ctx, 0); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
		return next.HandleFinalize(ctx, in)
	})
	add := func(s *middleware.Stack) error { return s.Finalize.Insert(waits, "Retry", middleware.After) } // Each attempt waits.
	paced := *i
	paced.Admin = ssoadmin.New(i.Admin.Options(), ssoadmin.WithAPIOptions(add))
	paced.Directory = identitystore.New(i.Directory.Options(), identitystore.WithAPIOptions(add))
	return &paced
}

// Sets returns the ARNs of all permission sets by their names.
func (i *Instance) Sets(ctx context.Context) (map[string]string, error) {
	sets := map[string]string{}
	pages := ssoadmin.NewListPermissionSetsPaginator(i.Admin, &ssoadmin.ListPermissionSetsInput{InstanceArn: &i.ARN, MaxResults: aws.Int32(pageSize)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, arn := range page.PermissionSets {
			set, err := i.Admin.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: &i.ARN, PermissionSetArn: &arn})
			if err != nil {
				return nil, err
			}
			sets[aws.ToString(set.PermissionSet.Name)] = arn
		}
	}
	return sets, nil
}

// Groups returns the ids of all groups by their names.
func (i *Instance) Groups(ctx context.Context) (map[string]string, error) {
	groups := map[string]string{}
	pages := identitystore.NewListGroupsPaginator(i.Directory, &identitystore.ListGroupsInput{IdentityStoreId: &i.Store, MaxResults: aws.Int32(pageSize)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.Groups {
			groups[aws.ToString(g.DisplayName)] = aws.ToString(g.GroupId)
		}
	}
	return groups, nil
}

// Users returns the ids of all users by their names.
func (i *Instance) Users(ctx context.Context) (map[string]string, error) {
	users := map[string]string{}
	pages := identitystore.NewListUsersPaginator(i.Directory, &identitystore.ListUsersInput{IdentityStoreId: &i.Store, MaxResults: aws.Int32(pageSize)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Users {
			users[aws.ToString(u.UserName)] = aws.ToString(u.UserId)
		}
	}
	return users, nil
}

// Members returns the ids of the users in a group.
func (i *Instance) Members(ctx context.Context, group string) (ids []string, err error) {
	pages := identitystore.NewListGroupMembershipsPaginator(i.Directory, &identitystore.ListGroupMembershipsInput{
		IdentityStoreId: &i.Store, GroupId: &group, MaxResults: aws.Int32(pageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range page.GroupMemberships {
			if member, isUser := m.MemberId.(*types.MemberIdMemberUserId); isUser {
				ids = append(ids, member.Value)
			}
		}
	}
	return ids, nil
}

// Accounts returns the ids of the accounts in which a permission set is provisioned.
func (i *Instance) Accounts(ctx context.Context, set string) (ids []string, err error) {
	pages := ssoadmin.NewListAccountsForProvisionedPermissionSetPaginator(i.Admin, &ssoadmin.ListAccountsForProvisionedPermissionSetInput{
		InstanceArn: &i.ARN, PermissionSetArn: &set, MaxResults: aws.Int32(pageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		ids = append(ids, page.AccountIds...)
	}
	return ids, nil
}

// Assigned returns the ids of the groups and users that are assigned a permission set in an account.
func (i *Instance) Assigned(ctx context.Context, set, account string) (ids []string, err error) {
	pages := ssoadmin.NewListAccountAssignmentsPaginator(i.Admin, &ssoadmin.ListAccountAssignmentsInput{
		InstanceArn: &i.ARN, PermissionSetArn: &set, AccountId: &account, MaxResults: aws.Int32(pageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range page.AccountAssignments {
			ids = append(ids, aws.ToString(a.PrincipalId))
		}
	}
	return ids, nil
}

// Assignment is a permission set that a group or a user is assigned in an account.
type Assignment struct{ Set, Account, Principal string }

// AssignedTo returns what groups and users are assigned by themselves, not by a group that a user is in. AWS lists up to a hundred
// assignments in a call, and assignments of a principal that is deleted in none.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountAssignmentsForPrincipal.html
func (i *Instance) AssignedTo(ctx context.Context, typ ssoadmintypes.PrincipalType, principals ...string) (all []Assignment, err error) {
	for _, principal := range principals {
		pages := ssoadmin.NewListAccountAssignmentsForPrincipalPaginator(i.Admin, &ssoadmin.ListAccountAssignmentsForPrincipalInput{
			InstanceArn: &i.ARN, PrincipalId: &principal, PrincipalType: typ, MaxResults: aws.Int32(pageSize),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, a := range page.AccountAssignments {
				if a.PrincipalType == typ {
					all = append(all, Assignment{aws.ToString(a.PermissionSetArn), aws.ToString(a.AccountId), principal})
				}
			}
		}
	}
	return all, nil
}

// Assignments returns what groups and users of the directory, ids by name, are assigned by themselves.
func (i *Instance) Assignments(ctx context.Context, groups, users map[string]string) ([]Assignment, error) {
	ofGroups, err := i.AssignedTo(ctx, ssoadmintypes.PrincipalTypeGroup, slices.Collect(maps.Values(groups))...)
	if err != nil {
		return nil, err
	}
	ofUsers, err := i.AssignedTo(ctx, ssoadmintypes.PrincipalTypeUser, slices.Collect(maps.Values(users))...)
	return append(ofGroups, ofUsers...), err
}

// unique returns how the identity store finds something by an attribute of which no two have the same: userName or displayName.
// https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_AlternateIdentifier.html
func unique(attribute, value string) *types.AlternateIdentifierMemberUniqueAttribute {
	return &types.AlternateIdentifierMemberUniqueAttribute{Value: types.UniqueAttribute{
		AttributePath: &attribute, AttributeValue: document.NewLazyDocument(value),
	}}
}

// Group returns the id of the group with the name. The error is the identity store's if there is none.
func (i *Instance) Group(ctx context.Context, name string) (string, error) {
	found, err := i.Directory.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: &i.Store, AlternateIdentifier: unique("displayName", name)})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.GroupId), nil
}

// User returns the id of the user with the name. The error is the identity store's if there is none.
func (i *Instance) User(ctx context.Context, name string) (string, error) {
	found, err := i.Directory.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: &i.Store, AlternateIdentifier: unique("userName", name)})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.UserId), nil
}
