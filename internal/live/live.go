// Package live reads from AWS what has IAM documents in the accounts of an organization: users, groups and roles with
// their policies, buckets, keys, and what AWS Organizations attaches to accounts.
//
//	found, err := live.Read(ctx, org, accounts)
//	documents, err := permissions.Read(org, found)
package live

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
)

// Account is an account to read, with a configuration whose clients work in it.
type Account struct {
	Name, ID string
	Config   aws.Config
}

// atOnce is how many accounts are read at the same time.
const atOnce = 8

// Read reads accounts, of which the first is the management account. Buckets are those of all regions, and keys those of
// the configuration's. A bucket or a key whose own policy keeps it from being read is Unread. Who is in IAM Identity Center is read if the
// organization uses it. The error names the account that couldn't be read.
func Read(ctx context.Context, org *organization.Organization, accounts []Account) (*inventory.Inventory, error) {
	found := &inventory.Inventory{Accounts: map[string]string{}}
	parts := make([][]inventory.Resource, len(accounts)+2)
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i, a := range accounts {
		found.Accounts[a.Name] = a.ID
		g.Go(func() (err error) {
			if parts[i], err = readAccount(ctx, a); err != nil {
				return fmt.Errorf("reading the policies of account %s (%s): %w", a.Name, a.ID, err)
			}
			return nil
		})
	}
	g.Go(func() (err error) {
		if parts[len(accounts)], err = readOrganization(ctx, accounts[0]); err != nil {
			return fmt.Errorf("reading the organization's policies: %w", err)
		}
		return nil
	})
	g.Go(func() (err error) {
		if parts[len(accounts)+1], err = readPeople(ctx, org, accounts); err != nil {
			return fmt.Errorf("reading who is in IAM Identity Center: %w", err)
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, part := range parts {
		found.Resources = append(found.Resources, part...)
	}
	r := &reader{Account: accounts[0]}
	if err := r.managed(ctx, found.Resources); err != nil {
		return nil, fmt.Errorf("reading AWS's managed policies: %w", err)
	}
	found.Resources = append(found.Resources, r.resources...)
	return found, nil
}

// readAccount reads what is in an account.
func readAccount(ctx context.Context, a Account) ([]inventory.Resource, error) {
	r := &reader{Account: a}
	for _, read := range []func(context.Context) error{r.identities, r.buckets, r.keys, r.zones} {
		if err := read(ctx); err != nil {
			return nil, err
		}
	}
	return r.resources, nil
}

// reader reads an account.
type reader struct {
	Account
	resources []inventory.Resource
}

// addPolicy adds what has a policy of its own, or whose policy AWS refused to show.
func (r *reader) addPolicy(typ, id, arn string, inputs map[string]any, document *string, err error) error {
	if err != nil && !awserror.Unauthorized(err) {
		return err
	}
	inputs["policy"] = aws.ToString(document)
	r.add(typ, id, id, arn, inputs)
	r.resources[len(r.resources)-1].Unread = err != nil
	return nil
}

// add adds a resource.
func (r *reader) add(typ, name, id, arn string, inputs map[string]any) {
	r.resources = append(r.resources, inventory.Resource{Type: typ, Name: name, Account: r.ID, Region: r.Config.Region, ID: id, ARN: arn, Inputs: inputs})
}
