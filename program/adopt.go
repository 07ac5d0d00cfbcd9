package program

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// discover looks at what AWS has: at the organization, its accounts and its units always,
// since others enable services and types of policies for it, close accounts, change their
// addresses, attach policies, and move what is in units. It notes how the accounts stand.
func (m *master) discover() error {
	existing, err := accounts.Discover(m.ctx, pulumi.Provider(m.provider))
	if err != nil {
		return err
	}
	if asked := m.org.settings.AWS; existing != nil && asked != nil {
		all, err := asked.states(m.ctx.Context(), m.org.Organization)
		if err != nil {
			return fmt.Errorf("asking AWS for the states of accounts: %w", err)
		}
		existing.SetStates(func(id string) (accounts.AccountState, bool) { return all[id].State, all[id].Invited })
	}
	if err := m.stand(existing); err != nil || existing == nil {
		return err
	}
	if m.places, err = m.placeUnits(existing.RootID); err != nil {
		return err
	}
	existing.Known, existing.Units = known(m.last), m.adopted
	if !existing.Adopts() || slices.Contains(existing.PolicyTypes, organization.ServiceControlPolicy) {
		if err := m.checkAttached(existing.RootID); err != nil {
			return err
		}
	}
	m.existing = existing
	return m.warnOfInvited()
}

// placeUnits finds the units that AWS has, and refuses to delete what isn't empty.
func (m *master) placeUnits(rootID string) (places, error) {
	in, read := pulumi.Provider(m.provider), map[string]map[string]string{}
	p := &placing{org: m.org.Organization, members: map[string]string{}, below: func(parentID string) (map[string]string, error) {
		var err error
		if read[parentID] == nil {
			read[parentID], err = accounts.Below(m.ctx, parentID, in)
		}
		return read[parentID], err
	}}
	if m.last != nil {
		p.units = m.last.Units
		for _, name := range m.org.AccountNames() {
			p.members[name] = m.before(name).Unit
		}
	}
	where, err := p.place(rootID)
	if err != nil {
		return where, err
	}
	c := contents{placing: p, rootID: rootID, standings: m.standings, in: func(unitID string) ([]accounts.Inside, error) {
		return accounts.In(m.ctx, unitID, in)
	}}
	return where, c.check()
}

// before returns what the last run had about an account, perhaps under another name.
func (m *master) before(name string) stackref.Member {
	return m.last.Accounts[cmp.Or(m.standings[name].formerly, name)]
}

// warnOfInvited names the accounts that are adopted and were invited.
func (m *master) warnOfInvited() error {
	for _, name := range m.org.AccountNames() {
		if s := m.standings[name]; s.adopted && s.state.Usable() && s.invited {
			text := fmt.Sprintf("account %s (%s) was invited, so it has the role %s only if somebody has made it there (coldstart doctor tells): %s",
				name, s.id, m.org.AccessRoleOf(name), accountstate.MakeRole(m.org.AccessRoleOf(name), m.existing.MasterAccountID))
			if err := m.ctx.Log.Warn(text, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reports whether the stack has the organization already. One that was only read is
// adopted once the provider can manage it.
func known(previous *stackref.Master) bool {
	return previous != nil && len((&accounts.Existing{PolicyTypes: previous.PolicyTypes}).Unmanaged()) == 0
}

// adopts reports whether this run takes over something that AWS has already. It leaves
// what it takes over as it is, so others have to wait for the next run.
func (m *master) adopts() bool {
	if m.existing == nil {
		return false
	}
	return m.existing.Adopts() && len(m.existing.Unmanaged()) == 0 || len(m.existing.Units) > 0 ||
		slices.ContainsFunc(m.org.AccountNames(), func(name string) bool {
			s := m.standings[name]
			return s.adopted && s.state.Usable()
		})
}
