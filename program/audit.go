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
	in := pulumi.Providers(m.provider)
	outputs, err := m.declareBase(ctx, org)
	if err != nil {
		return nil, err
	}
	archive, err := audit.NewArchive(ctx, "archive", &audit.ArchiveArgs{
		Name:           org.Name(m.name, organization.ArchiveName),
		AccountID:      m.accountID,
		OrganizationID: m.master.String(func(o stackref.Master) string { return o.OrganizationID }),
		TrailARN: m.master.String(func(o stackref.Master) string { return o.AccountID }).ApplyT(func(id string) string {
			return trailARN(org.Organization, id)
		}).(pulumi.StringOutput),
		RetentionDays: org.Audit.RetentionDays,
		LockDays:      org.Audit.LockDays,
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
		Organization: org.Audit.Trail == organization.TrailOrganization,
		After:        archive.Writable,
		Tags:         tags(org.TagsOf(organization.Master)),
	}, pulumi.Providers(master))
	if err != nil {
		return nil, err
	}
	outputs["archiveBucket"], outputs["archiveKeyArn"] = archive.Bucket, archive.KeyARN
	outputs["masterTrailArn"] = masterTrail.ARN
	if org.Audit.Trail != organization.TrailAccount {
		return outputs, nil
	}
	own, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{
		Name:   org.Name(m.name, organization.TrailName),
		Bucket: archive.Bucket,
		KeyARN: archive.KeyARN,
		After:  archive.Writable,
		Tags:   tags(org.TagsOf(m.name)),
	}, in)
	if err != nil {
		return nil, err
	}
	outputs["trailArn"] = own.ARN
	return outputs, nil
}

// trailARN is a pattern of the trails that write to the archive.
func trailARN(org *organization.Organization, masterAccountID string) string {
	if org.Audit.Trail == organization.TrailAccount {
		return fmt.Sprintf("arn:aws:cloudtrail:%s:*:trail/%s", org.Region, org.Name("*", organization.TrailName))
	}
	return fmt.Sprintf("arn:aws:cloudtrail:%s:%s:trail/%s", org.Region, masterAccountID, org.Name(organization.Master, organization.TrailName))
}
