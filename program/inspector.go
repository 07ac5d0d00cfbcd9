package program

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

// declareInspector declares Amazon Inspector in each allowed region, if the account administers it. The delegation, which the management
// account makes, is in this stack, too: it comes between what the administrator has.
func (m *member) declareInspector() error {
	if m.org.InspectorAccount() != m.name {
		return nil
	}
	names, err := m.inspectedAccounts()
	if err != nil {
		return err
	}
	declare := func(name, region string, in *aws.Provider, after ...pulumi.Resource) (*security.Inspector, error) {
		management, err := m.managementIn(region)
		if err != nil {
			return nil, err
		}
		members, err := m.inspectorMembers(region, names)
		if err != nil {
			return nil, err
		}
		return security.NewInspector(m.ctx, name, &security.InspectorArgs{
			Management:      management,
			AdministratorID: m.id(),
			Scans:           m.org.Security.Inspector.Scans,
			Members:         members,
			After:           after,
			Meanwhile:       []pulumi.Resource{m.store},
		}, pulumi.Providers(in))
	}
	first, err := declare("inspector", m.org.Region, m.provider)
	if err != nil {
		return err
	}
	for _, region := range m.org.OtherRegions() {
		if _, err := declare("inspector-"+region, region, m.regions[region], first.Delegation); err != nil {
			return err
		}
	}
	return nil
}

// inspectedAccounts returns the accounts that are to be members of Inspector's administrator. AWS refuses a closed account, and takes the
// membership of one that is closed later away by itself.
func (m *member) inspectedAccounts() ([]string, error) {
	all := append([]string{organization.Master}, m.org.AccountNames()...)
	states := map[string]accountstate.Account{}
	if asked := m.org.settings.AWS; asked != nil && m.org.own.id != "" {
		var err error
		if states, err = asked.states(m.ctx.Context(), m.org.Organization); err != nil {
			return nil, fmt.Errorf("asking AWS for the states of accounts: %w", err)
		}
	}
	return slices.DeleteFunc(all, func(name string) bool {
		return name == m.name || states[m.last.Accounts[name].ID].State.Closing()
	}), nil
}

// inspectorMembers returns the members of a region. AWS makes an account that is created later one by itself, and refuses to do so again:
// one that it has already is taken over.
func (m *member) inspectorMembers(region string, names []string) ([]security.InspectorMember, error) {
	var has []string
	if asked := m.org.settings.AWS; asked != nil && m.org.settings.Plan == nil && m.org.settings.Find == nil && m.org.own.id != "" {
		var err error
		if has, err = asked.inspected(m.ctx.Context(), region, m.org.own.id, m.org.own.role); err != nil {
			return nil, fmt.Errorf("asking Inspector for its members in %s: %w", region, err)
		}
	}
	var members []security.InspectorMember
	for _, name := range names {
		id := m.last.Accounts[name].ID
		if name == organization.Master {
			id = m.last.AccountID
		}
		is := security.InspectorMember{Name: name, ID: m.idOf(name)}
		if id != "" && slices.Contains(has, id) {
			is.Existing = id
		}
		members = append(members, is)
	}
	return members, nil
}
