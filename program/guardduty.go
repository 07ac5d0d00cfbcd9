package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

// declareGuardDuty declares Amazon GuardDuty in each allowed region, if the account administers it. What the management account has
// of it is in this stack, too: the delegation comes between what the two accounts have.
func (m *member) declareGuardDuty() error {
	if m.org.GuardDutyAccount() != m.name {
		return nil
	}
	export := m.exportOf(organization.GuardDutyName)
	declare := func(name, region string, in *aws.Provider, after ...pulumi.Resource) (*security.GuardDuty, error) {
		management, err := m.managementIn(region)
		if err != nil {
			return nil, err
		}
		return security.NewGuardDuty(m.ctx, name, &security.GuardDutyArgs{
			Management:      management,
			AdministratorID: m.id(),
			Features:        m.org.Security.GuardDuty.Features,
			After:           after,
			Export:          export,
			Meanwhile:       []pulumi.Resource{m.store}, // It takes half a minute.
			ManagementTags:  tags(m.org.TagsOf(organization.Master)),
			Tags:            m.tags(),
		}, pulumi.Providers(in))
	}
	first, err := declare("guardduty", m.org.Region, m.provider)
	if err != nil {
		return err
	}
	for _, region := range m.org.OtherRegions() {
		if _, err := declare("guardduty-"+region, region, m.regions[region], first.Delegation); err != nil {
			return err
		}
	}
	return nil
}

// managementIn returns the provider of the management account in a region.
func (m *member) managementIn(region string) (*aws.Provider, error) {
	if p := m.management[region]; p != nil {
		return p, nil
	}
	name, args := organization.Master, &aws.ProviderArgs{AllowedAccountIds: pulumi.StringArray{m.idOf(organization.Master)}}
	if region != m.org.Region {
		name, args.Region = organization.Master+"-"+region, pulumi.String(region)
	}
	p, err := newProvider(m.ctx, m.org, name, args)
	if m.management == nil {
		m.management = map[string]*aws.Provider{}
	}
	m.management[region] = p
	return p, err
}
