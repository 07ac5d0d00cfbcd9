package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
	"github.com/coldstart-aws/coldstart/stackref"
)

// declareSecurityHub declares AWS Security Hub, if the account administers it. The delegation, which the management account makes, is
// in this stack, too: it comes between what the administrator has.
func (m *member) declareSecurityHub() error {
	if m.org.SecurityHubAccount() != m.name {
		return nil
	}
	management, err := m.managementIn(m.org.Region)
	if err != nil {
		return err
	}
	linked, err := m.managementElsewhere()
	if err != nil {
		return err
	}
	_, err = security.NewHub(m.ctx, "securityhub", &security.HubArgs{
		Management:      management,
		AdministratorID: m.id(),
		Region:          m.org.Region,
		Linked:          linked,
		Meanwhile:       []pulumi.Resource{m.store},
		Prefix:          m.org.Namespace,
		RootID:          m.master.String(func(o stackref.Master) string { return o.RootID }),
		Standards:       m.org.Security.SecurityHub.Standards,
		Units:           m.unitStandards(),
	}, m.in())
	return err
}

// unitStandards returns the units that have standards of their own.
func (m *member) unitStandards() (units []security.UnitStandards) {
	for _, key := range m.org.UnitNames() {
		if standards := m.org.Units[key].Standards; standards != nil {
			units = append(units, security.UnitStandards{
				Key: key, ID: m.master.String(func(o stackref.Master) string { return o.Units[key] }), Standards: standards,
			})
		}
	}
	return units
}

// declareFindings declares who hears of findings of high severity, if the account has those of all others. It comes along with Security Hub,
// since a rule needs nothing of it.
func (m *member) declareFindings() error {
	if m.org.FindingsAccount() != m.name {
		return nil
	}
	_, err := security.NewFindings(m.ctx, organization.FindingsName, &security.FindingsArgs{
		Name: m.named(organization.FindingsName), AccountID: m.id(), Address: m.org.Security.Findings, Tags: m.tags(),
	}, m.in())
	return err
}
