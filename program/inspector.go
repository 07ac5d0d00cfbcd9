package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

// declareInspector declares Amazon Inspector in each allowed region, if the account administers it. The delegation, which the management
// account makes, is in this stack, too: it comes between what the administrator has.
func (m *member) declareInspector() error {
	if m.org.InspectorAccount() != m.name {
		return nil
	}
	members := []security.InspectorMember{{Name: organization.Master, ID: m.idOf(organization.Master)}}
	for _, name := range m.org.AccountNames() {
		if name != m.name {
			members = append(members, security.InspectorMember{Name: name, ID: m.idOf(name)})
		}
	}
	declare := func(name, region string, in *aws.Provider, after ...pulumi.Resource) (*security.Inspector, error) {
		management, err := m.managementIn(region)
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
