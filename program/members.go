package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
)

// declareMembers declares the member accounts, and attaches the guardrails of each.
func (m *master) declareMembers() error {
	org := m.org
	names := org.AccountNames()
	m.members = map[string]*accounts.Account{}
	creations := accounts.NewCreations(org.settings.pace(), m.last == nil && !m.existing.Adopts())
	for i, name := range names {
		account := org.Accounts[name]
		args := &accounts.AccountArgs{
			Name:          name,
			Email:         org.AccountEmail(name),
			ParentID:      m.organization.Parent(account.Unit),
			AccessRole:    org.AccessRoleOf(name),
			CloseOnDelete: account.CloseOnDelete,
			KeepOnDelete:  account.KeepOnDelete,
			Tags:          tags(org.TagsOf(name)),
		}
		m.standings[name].declare(args, creations)
		if i >= accounts.AtOnce {
			args.After = m.members[names[i-accounts.AtOnce]]
		}
		// Its own guardrails may be what it loses with the unit that it leaves.
		moved := m.moved(name)
		if moved != "" {
			if err := m.attach(name, pulumi.String(moved)); err != nil {
				return err
			}
		}
		args.Guarded = m.guarded(name)
		var err error
		if m.members[name], err = accounts.NewAccount(m.ctx, name, args, m.in()); err != nil {
			return err
		}
		if moved == "" {
			if err := m.attach(name, m.members[name].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// moved returns the id of an account that the last run had in another unit; empty for any
// other account.
func (m *master) moved(name string) string {
	s := m.standings[name]
	if m.last == nil || !s.state.Usable() || m.before(name).Unit == m.org.Accounts[name].Unit {
		return ""
	}
	return m.before(name).ID
}
