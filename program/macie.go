package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

// declareMacie declares Amazon Macie in each allowed region, if the account administers it. What the management account has of it is in
// this stack, too: the delegation comes between what the two accounts have.
func (m *member) declareMacie() error {
	if m.org.MacieAccount() != m.name {
		return nil
	}
	var members []security.MacieMember
	for _, name := range m.org.AccountNames() {
		if name != m.name {
			members = append(members, security.MacieMember{Name: name, ID: m.idOf(name), Email: m.org.AccountEmail(name)})
		}
	}
	export := m.exportOf(organization.MacieName)
	declare := func(name, region string, in *aws.Provider, first *security.Macie) (*security.Macie, error) {
		management, err := m.managementIn(region)
		if err != nil {
			return nil, err
		}
		return security.NewMacie(m.ctx, name, &security.MacieArgs{
			Management:      management,
			AdministratorID: m.id(),
			Members:         members,
			First:           first,
			Meanwhile:       []pulumi.Resource{m.store},
			Export:          export,
		}, pulumi.Providers(in))
	}
	first, err := declare("macie", m.org.Region, m.provider, nil)
	if err != nil {
		return err
	}
	for _, region := range m.org.OtherRegions() {
		if _, err := declare("macie-"+region, region, m.regions[region], first); err != nil {
			return err
		}
	}
	return nil
}
