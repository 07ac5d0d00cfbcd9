package live

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

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
	err = r.assignments(ctx, instance, accounts)
	return r.resources, err
}

// assignments adds the permission sets and their assignments in accounts.
func (r *reader) assignments(ctx context.Context, instance *identitycenter.Instance, accounts []Account) error {
	sets, err := instance.Sets(ctx)
	if err != nil {
		return err
	}
	var g errgroup.Group
	var mu sync.Mutex
	g.SetLimit(atOnce)
	for name, set := range sets {
		r.add(awstype.SSOAdminPermissionSet, name, set, set, map[string]any{"name": name})
	}
	for name, set := range sets {
		there, err := instance.Accounts(ctx, set)
		if err != nil {
			return err
		}
		for _, account := range declared(accounts, there) {
			g.Go(func() error {
				assigned, err := instance.Assigned(ctx, set, account)
				mu.Lock()
				defer mu.Unlock()
				for _, principal := range assigned {
					r.add(awstype.SSOAdminAccountAssignment, name, name, "", map[string]any{"permissionSetArn": set, "targetId": account, "principalId": principal})
				}
				return err
			})
		}
	}
	return g.Wait()
}

// declared returns the ids that are those of accounts that are read.
func declared(accounts []Account, ids []string) (found []string) {
	for _, a := range accounts {
		for _, id := range ids {
			if a.ID == id {
				found = append(found, id)
			}
		}
	}
	return found
}
