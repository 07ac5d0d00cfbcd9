package program

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// found is what AWS has of what is declared.
type found struct {
	// Existing is what is adopted; nil if there is no organization.
	*accounts.Existing
	places
}

// discover looks at what AWS has: at the organization, its accounts and its units always,
// since others enable services and types of policies for it, close accounts, change their
// addresses, attach policies, and move what is in units. It notes in org how the accounts
// stand.
func discover(ctx *pulumi.Context, org *declaration, previous *stackref.Master, provider *aws.Provider) (*found, error) {
	in := pulumi.Provider(provider)
	existing, err := accounts.Discover(ctx, in)
	if err != nil {
		return nil, err
	}
	if existing != nil && org.settings.States != nil {
		all, err := org.settings.States(ctx.Context())
		if err != nil {
			return nil, fmt.Errorf("asking AWS for the states of accounts: %w", err)
		}
		existing.SetStates(all)
	}
	if err := org.stand(ctx, previous, existing); err != nil || existing == nil {
		return &found{}, err
	}
	where, err := placeUnits(ctx, org, previous, existing.RootID, in)
	if err != nil {
		return nil, err
	}
	existing.Known, existing.Units = known(previous), where.adopted
	if !existing.Adopts() || slices.Contains(existing.PolicyTypes, organization.ServiceControlPolicy) {
		if err := checkAttached(ctx, org.Organization, org.targetIDs(existing.RootID, where), in); err != nil {
			return nil, err
		}
	}
	return &found{Existing: existing, places: where}, warnOfInvited(ctx, org, existing)
}

// placeUnits finds the units that AWS has, and refuses to delete what isn't empty.
func placeUnits(ctx *pulumi.Context, org *declaration, previous *stackref.Master, rootID string, in pulumi.InvokeOption) (places, error) {
	read := map[string]map[string]string{}
	p := &placing{org: org.Organization, members: map[string]string{}, below: func(parentID string) (map[string]string, error) {
		var err error
		if read[parentID] == nil {
			read[parentID], err = accounts.Below(ctx, parentID, in)
		}
		return read[parentID], err
	}}
	if previous != nil {
		p.units = previous.Units
		for _, name := range org.AccountNames() {
			p.members[name] = org.before(name, previous).Unit
		}
	}
	where, err := p.place(rootID)
	if err != nil {
		return where, err
	}
	c := contents{placing: p, rootID: rootID, standings: org.standings, in: func(unitID string) ([]accounts.Inside, error) {
		return accounts.In(ctx, unitID, in)
	}}
	return where, c.check()
}

// before returns what the last run had about an account, perhaps under another name.
func (org *declaration) before(name string, previous *stackref.Master) stackref.Member {
	return previous.Accounts[cmp.Or(org.standings[name].formerly, name)]
}
