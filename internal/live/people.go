package live

import (
	"context"
	"slices"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/identitycenter"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
)

// readPeople reads the users and the groups of IAM Identity Center, and which permission sets they are assigned where; nothing if the
// organization doesn't use it, or if nobody has enabled it. The roles of permission sets are among those of accounts. The management
// account may read all.
func readPeople(ctx context.Context, org *organization.Organization, accounts []Account) ([]inventory.Resource, error) {
	if !org.UsesIdentityCenter() {
		return nil, nil
	}
	instance, err := identitycenter.Find(ctx, accounts[0].Config, org.Regions())
	if instance == nil || err != nil {
		return nil, err
	}
	r := &reader{Account: accounts[0]}
	users, err := instance.Users(ctx)
	if err != nil {
		return nil, err
	}
	for name, id := range users {
		r.add(awstype.IdentityStoreUser, name, id, "", map[string]any{"userName": name})
	}
	groups, err := instance.Groups(ctx)
	if err != nil {
		return nil, err
	}
	for name, id := range groups {
		r.add(awstype.IdentityStoreGroup, name, id, "", map[string]any{"displayName": name})
		members, err := instance.Members(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, member := range members {
			r.add(awstype.IdentityStoreGroupMembership, name, id, "", map[string]any{"groupId": id, "memberId": member})
		}
	}
	err = r.assignments(ctx, instance, accounts, groups, users)
	return r.resources, err
}

// assignments adds the permission sets and their assignments in accounts: by a list for each group and user, or, if that takes more calls, by
// one for each permission set in an account. AWS takes 20 calls a second, so one comes after the other.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
func (r *reader) assignments(ctx context.Context, instance *identitycenter.Instance, accounts []Account, groups, users map[string]string) error {
	sets, err := instance.Sets(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for name, set := range sets {
		names[set] = name
		r.add(awstype.SSOAdminPermissionSet, name, set, set, map[string]any{"name": name})
	}
	list := func() ([]identitycenter.Assignment, error) { return instance.Assignments(ctx, groups, users) }
	if len(groups)+len(users) > len(sets)*len(accounts) {
		list = func() ([]identitycenter.Assignment, error) { return assigned(ctx, instance, names, accounts) }
	}
	found, err := list()
	for _, a := range found {
		if slices.ContainsFunc(accounts, func(account Account) bool { return account.ID == a.Account }) {
			r.add(awstype.SSOAdminAccountAssignment, names[a.Set], names[a.Set], "", map[string]any{"permissionSetArn": a.Set, "targetId": a.Account, "principalId": a.Principal})
		}
	}
	return err
}

// assigned asks who is assigned permission sets, names by ARN, in each account that has them.
func assigned(ctx context.Context, instance *identitycenter.Instance, names map[string]string, accounts []Account) (all []identitycenter.Assignment, err error) {
	for set := range names {
		there, err := instance.Accounts(ctx, set)
		if err != nil {
			return nil, err
		}
		for _, account := range accounts {
			if !slices.Contains(there, account.ID) {
				continue
			}
			principals, err := instance.Assigned(ctx, set, account.ID)
			if err != nil {
				return nil, err
			}
			for _, principal := range principals {
				all = append(all, identitycenter.Assignment{Set: set, Account: account.ID, Principal: principal})
			}
		}
	}
	return all, nil
}
