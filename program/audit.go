package program

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// declareAudit declares the stack of the account with the log archive, and the
// management account's trail: it needs the archive, which needs this account,
// so it can't stand in the master stack without running that one twice.
func declareAudit(ctx *pulumi.Context, org *declaration) (pulumi.Map, error) {
	m, err := newMember(ctx, org, ctx.Stack())
	if err != nil {
		return nil, err
	}
	previous, err := stackref.Previous[stackref.Audit](ctx)
	if err != nil {
		return nil, err
	}
	if previous != nil {
		if err := guardTrail(previous.Mode(), org.Audit.Trail); err != nil {
			return nil, err
		}
		if err := announceLock(ctx, previous, org.Audit.LockDays); err != nil {
			return nil, err
		}
	}
	in := pulumi.Providers(m.provider)
	outputs, err := m.declareBase(ctx, org)
	if err != nil {
		return nil, err
	}
	existing, err := m.kept.store(org.Name(m.name, organization.ArchiveName))
	if err != nil {
		return nil, err
	}
	archive, err := audit.NewArchive(ctx, "archive", &audit.ArchiveArgs{
		Name:          org.Name(m.name, organization.ArchiveName),
		AccountID:     m.accountID,
		AccessRoleARN: m.master.String(func(o stackref.Master) string { return o.Accounts[m.name].AccessRoleARN }),
		TrailARN: m.master.String(func(o stackref.Master) string { return o.AccountID }).ApplyT(func(id string) string {
			return trailARN(org.Organization, id)
		}).(pulumi.StringOutput),
		Owners:        m.trailOwners(org.Organization),
		RetentionDays: org.Audit.RetentionDays,
		LockDays:      org.Audit.LockDays,
		Existing:      existing,
		Tags:          tags(org.TagsOf(m.name)),
	}, in)
	if err != nil {
		return nil, err
	}
	master, err := newProvider(ctx, org, organization.Master, &aws.ProviderArgs{
		AllowedAccountIds: pulumi.StringArray{m.master.String(func(o stackref.Master) string { return o.AccountID })},
	})
	if err != nil {
		return nil, err
	}
	masterTrail, err := audit.NewTrail(ctx, "master-trail", &audit.TrailArgs{
		Name:         org.Name(organization.Master, organization.TrailName),
		Bucket:       archive.Bucket,
		KeyARN:       archive.KeyARN,
		Organization: org.Audit.OrganizationTrail(),
		Watched:      archive.BucketARN,
		After:        archive.Ready,
		Tags:         tags(org.TagsOf(organization.Master)),
	}, pulumi.Providers(master))
	if err != nil {
		return nil, err
	}
	outputs["archiveBucket"], outputs["archiveKeyArn"] = archive.Bucket, archive.KeyARN
	outputs["masterTrailArn"], outputs["archiveLockDays"] = masterTrail.ARN, pulumi.Int(org.Audit.LockDays)
	outputs["trail"] = pulumi.String(org.Audit.Trail)
	if !org.Audit.AccountTrails() {
		return outputs, nil
	}
	outputs["archiveAccounts"] = pulumi.ToStringArray(trailAccounts(org.Organization))
	own, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{
		Name:    org.Name(m.name, organization.TrailName),
		Bucket:  archive.Bucket,
		KeyARN:  archive.KeyARN,
		Watched: archive.BucketARN,
		Leaves:  org.Audit.OrganizationTrail(),
		After:   archive.Ready,
		Tags:    tags(org.TagsOf(m.name)),
	}, in)
	if err != nil {
		return nil, err
	}
	outputs["trailArn"] = own.ARN
	return outputs, nil
}

// trailARN is a pattern of the trails that write to the archive.
func trailARN(org *organization.Organization, masterAccountID string) string {
	if org.Audit.AccountTrails() {
		return fmt.Sprintf("arn:aws:cloudtrail:%s:*:trail/%s", org.Region, org.Name("*", organization.TrailName))
	}
	return fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/%s", org.Region, masterAccountID, org.Name(organization.Master, organization.TrailName))
}

// trailAccounts are the accounts that have a trail of their own.
func trailAccounts(org *organization.Organization) []string {
	if !org.Audit.AccountTrails() {
		return nil
	}
	return append([]string{organization.Master}, org.AccountNames()...)
}

// trailOwners are the ids of the accounts that have a trail of their own.
func (m *member) trailOwners(org *organization.Organization) (ids []pulumi.StringInput) {
	for _, name := range trailAccounts(org) {
		ids = append(ids, m.master.String(func(o stackref.Master) string {
			if name == organization.Master {
				return o.AccountID
			}
			return o.Accounts[name].ID
		}))
	}
	return ids
}

// announceLock says beforehand what another number of days does, since what is locked
// stays so. An earlier version hasn't noted the number.
func announceLock(ctx *pulumi.Context, previous *stackref.Audit, days int) error {
	if previous.ArchiveBucket == "" {
		return nil
	}
	was, change := 0, fmt.Sprintf("coldstart:audit.lockDays is %d", days)
	if previous.ArchiveLockDays != nil {
		was = *previous.ArchiveLockDays
		change += fmt.Sprintf(" and was %d", was)
	}
	switch {
	case days > was:
		return ctx.Log.Warn(fmt.Sprintf("%s: from now on nobody can delete a new log for %d days, AWS Support and root users included; "+
			"logs that are in the archive stay as they are", change, days), nil)
	case days < was:
		return ctx.Log.Warn(fmt.Sprintf("%s: new logs are locked for %d days; "+
			"logs that are in the archive stay locked for the %d days that they began with", change, days, was), nil)
	}
	return nil
}
