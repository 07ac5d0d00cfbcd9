package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
	"github.com/coldstart-aws/coldstart/stackref"
)

// declareConfigBucket declares the bucket that AWS Config writes to; nil if it records nothing. A bucket and a key that stayed when it was
// turned off are taken over.
func (m *member) declareConfigBucket(previous *stackref.Audit) (*audit.ConfigBucket, error) {
	if !m.org.Recorded() {
		return nil, nil
	}
	keyID, bucket, err := m.keptSince(previous != nil && previous.ConfigBucket != "", previous).store(m.named(organization.ConfigName))
	if err != nil {
		return nil, err
	}
	var owners []pulumi.StringInput
	for _, name := range recordedAccounts(m.org.Organization) {
		owners = append(owners, m.idOf(name))
	}
	return audit.NewConfigBucket(m.ctx, "config", &audit.ConfigBucketArgs{
		Name:           m.named(organization.ConfigName),
		AccountID:      m.id(),
		AccessRoleARN:  m.accessRoleARN,
		Owners:         owners,
		RetentionDays:  m.org.Audit.RetentionDays,
		ExistingKey:    keyID,
		ExistingBucket: bucket,
		Tags:           m.tags(),
	}, m.in())
}

// keptSince returns what the account has kept of something that it had, or hasn't had, after the stack's last run.
func (m *member) keptSince(had bool, previous *stackref.Audit) kept {
	if !had {
		return keptBy(m.ctx, m.org, m.provider, nil)
	}
	return keptBy(m.ctx, m.org, m.provider, &previous.AccountOf)
}

// recordedAccounts are the accounts that AWS Config records.
func recordedAccounts(org *organization.Organization) []string {
	if !org.Recorded() {
		return nil
	}
	return append([]string{organization.Master}, org.AccountNames()...)
}

// declareRecorders declares AWS Config of the account, which it returns, and of the management account, if the account has the bucket: the management
// account's own stack comes before the bucket.
func (m *member) declareRecorders(bucket *audit.ConfigBucket) (*security.Config, error) {
	if !m.org.Recorded() {
		return nil, nil
	}
	args := &security.ConfigArgs{Recording: m.org.Security.Config, Region: m.org.Region, Tags: m.tags()}
	for _, region := range m.org.OtherRegions() {
		args.Others = append(args.Others, security.Region{Name: region, Provider: m.regions[region]})
	}
	if bucket == nil {
		args.Bucket = m.archive.String(func(a stackref.Audit) string { return a.ConfigBucket })
		args.KeyARN = m.archive.String(func(a stackref.Audit) string { return a.ConfigKeyARN })
		return security.NewConfig(m.ctx, "recorders", args, m.in())
	}
	args.Bucket, args.KeyARN = bucket.Bucket, bucket.KeyARN
	own, err := security.NewConfig(m.ctx, "recorders", args, m.in())
	if err != nil {
		return nil, err
	}
	management, err := m.managementIn(m.org.Region)
	if err != nil {
		return nil, err
	}
	of := *args
	if of.Others, err = m.managementElsewhere(); err != nil {
		return nil, err
	}
	of.Tags = tags(m.org.TagsOf(organization.Master))
	_, err = security.NewConfig(m.ctx, "recorders-management", &of, pulumi.Providers(management))
	return own, err
}

// managementElsewhere returns the providers of the management account in the regions besides the organization's.
func (m *member) managementElsewhere() (regions []security.Region, err error) {
	for _, region := range m.org.OtherRegions() {
		var provider *aws.Provider
		if provider, err = m.managementIn(region); err != nil {
			return nil, err
		}
		regions = append(regions, security.Region{Name: region, Provider: provider})
	}
	return regions, nil
}
