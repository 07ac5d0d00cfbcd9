package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
	"github.com/coldstart-aws/coldstart/stackref"
)

// declareGuardDuty declares Amazon GuardDuty in each allowed region, if the account administers it. What the management account has
// of it is in this stack, too: the delegation comes between what the two accounts have.
func (m *member) declareGuardDuty() error {
	if m.org.GuardDutyAccount() != m.name {
		return nil
	}
	export := m.export()
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

// export returns where GuardDuty writes findings to; nil for nowhere.
func (m *member) export() *security.Export {
	switch {
	case !m.org.Exports():
		return nil
	case m.findings != nil:
		return &security.Export{Bucket: m.findings.Bucket, KeyARN: m.findings.KeyARN}
	}
	return &security.Export{
		Bucket: m.archive.String(func(a stackref.Audit) string { return a.GuardDutyBucket }),
		KeyARN: m.archive.String(func(a stackref.Audit) string { return a.GuardDutyKeyARN }),
	}
}

// declareGuardDutyBucket declares the bucket that GuardDuty exports findings to; nil if it exports none. A bucket and a key that stayed when
// that was turned off are taken over.
func (m *member) declareGuardDutyBucket(previous *stackref.Audit) (*audit.FindingsBucket, error) {
	if !m.org.Exports() {
		return nil, nil
	}
	keyID, bucket, err := m.keptSince(previous != nil && previous.GuardDutyBucket != "", previous).store(m.named(organization.GuardDutyName))
	if err != nil {
		return nil, err
	}
	return audit.NewFindingsBucket(m.ctx, organization.GuardDutyName, &audit.FindingsBucketArgs{
		Name:            m.named(organization.GuardDutyName),
		AccountID:       m.id(),
		AccessRoleARN:   m.accessRoleARN,
		AdministratorID: m.idOf(m.org.Security.Account),
		RetentionDays:   m.org.Audit.RetentionDays,
		ExistingKey:     keyID,
		ExistingBucket:  bucket,
		Tags:            m.tags(),
	}, m.in())
}
