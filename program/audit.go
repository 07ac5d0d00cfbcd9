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
// so it can't be in the master stack without running that one twice.
func declareAudit(ctx *pulumi.Context, org *declaration) error {
	m, err := newMember(ctx, org, ctx.Stack())
	if err != nil {
		return err
	}
	previous, err := stackref.Previous[stackref.Audit](ctx)
	if err != nil {
		return err
	}
	if previous != nil {
		if err := guardTrail(lastTrail(previous), org.Audit.Trail); err != nil {
			return err
		}
		if err := announceLock(ctx, previous, org.Audit.LockDays); err != nil {
			return err
		}
	}
	if err := m.declareFindingsBuckets(previous); err != nil {
		return err
	}
	if err := m.declare(); err != nil {
		return err
	}
	archive, err := m.declareArchive()
	if err != nil {
		return err
	}
	trails, err := m.declareTrails(archive)
	if err != nil {
		return err
	}
	config, err := m.declareConfigBucket(previous)
	if err != nil {
		return err
	}
	if _, err := m.declareRecorders(config); err != nil {
		return err
	}
	if err := m.declareImage(); err != nil {
		return err
	}
	outputs := stackref.AuditOutputs{
		AccountOf:       m.outputs,
		ArchiveBucket:   archive.Bucket,
		ArchiveKeyARN:   archive.KeyARN,
		ArchiveLockDays: &org.Audit.LockDays,
		ArchiveAccounts: trailAccounts(org.Organization),
		Trail:           org.Audit.Trail,
		TrailedOf:       trails,
		ConfigAccounts:  recordedAccounts(org.Organization),
	}
	for name, of := range m.findings {
		bucket, keyARN, account := outputs.Exported(name)
		*bucket, *keyARN, *account = of.Bucket, of.KeyARN, org.Security.Account
	}
	if config != nil {
		outputs.ConfigBucket, outputs.ConfigKeyARN = config.Bucket, config.KeyARN
	}
	return export(ctx, org, outputs)
}

// declareArchive declares the log archive.
func (m *member) declareArchive() (*audit.Archive, error) {
	keyID, bucket, err := m.kept.store(m.named(organization.ArchiveName))
	if err != nil {
		return nil, err
	}
	return audit.NewArchive(m.ctx, "archive", &audit.ArchiveArgs{
		Name:          m.named(organization.ArchiveName),
		AccountID:     m.id(),
		AccessRoleARN: m.accessRoleARN,
		TrailARN: m.idOf(organization.Master).ApplyT(func(id string) string {
			return trailARN(m.org.Organization, id)
		}).(pulumi.StringOutput),
		Owners:         m.trailOwners(),
		RetentionDays:  m.org.Audit.RetentionDays,
		LockDays:       m.org.Audit.LockDays,
		ExistingKey:    keyID,
		ExistingBucket: bucket,
		Tags:           m.tags(),
	}, m.in())
}

// declareTrails declares the management account's trail, and the account's own if accounts
// have trails.
func (m *member) declareTrails(archive *audit.Archive) (trails stackref.TrailedOutputs, err error) {
	master, err := m.managementIn(m.org.Region)
	if err != nil {
		return trails, err
	}
	trail := &audit.TrailArgs{
		Name:         m.org.Name(organization.Master, organization.TrailName),
		Bucket:       archive.Bucket,
		KeyARN:       archive.KeyARN,
		Organization: m.org.Audit.OrganizationTrail(),
		Watched:      archive.BucketARN,
		States:       watchedStates(m.org.Organization, organization.Master),
		After:        archive.Ready,
		Tags:         tags(m.org.TagsOf(organization.Master)),
	}
	if m.org.Alarmed() {
		alarms, err := m.declareAlarms(master)
		if err != nil {
			return trails, err
		}
		trail.LogGroupARN, trail.LogsRoleARN = alarms.LogGroupARN, alarms.RoleARN
	}
	masterTrail, err := audit.NewTrail(m.ctx, "master-trail", trail, pulumi.Providers(master))
	if err != nil {
		return trails, err
	}
	trails.MasterTrailARN = masterTrail.ARN
	if !m.org.Audit.AccountTrails() {
		return trails, nil
	}
	own, err := audit.NewTrail(m.ctx, "trail", &audit.TrailArgs{
		Name:    m.named(organization.TrailName),
		Bucket:  archive.Bucket,
		KeyARN:  archive.KeyARN,
		Watched: archive.BucketARN,
		States:  watchedStates(m.org.Organization, m.name),
		Leaves:  m.org.Audit.OrganizationTrail(),
		After:   archive.Ready,
		Tags:    m.tags(),
	}, m.in())
	if err != nil {
		return trails, err
	}
	trails.TrailARN = own.ARN
	return trails, nil
}

// watchedStates are the objects that the trail of an account records access to, for the sake of Pulumi's states; nil if it records none.
func watchedStates(org *organization.Organization, account string) *audit.Objects {
	prefix, except := org.WatchedStates(account)
	if prefix == "" {
		return nil
	}
	return &audit.Objects{Prefix: prefix, Except: except}
}

// declareAlarms declares what the organization's trail sends its events to, in the management account.
func (m *member) declareAlarms(master *aws.Provider) (*audit.Alarms, error) {
	return audit.NewAlarms(m.ctx, "alarms", &audit.AlarmsArgs{
		Prefix:         m.org.Name(organization.Master, ""),
		Region:         m.org.Region,
		AccountID:      m.idOf(organization.Master),
		OrganizationID: m.master.String(func(o stackref.Master) string { return o.OrganizationID }),
		Address:        m.org.Security.Alarms,
		Alarms:         m.org.Alarms(),
		Tags:           tags(m.org.TagsOf(organization.Master)),
	}, pulumi.Providers(master))
}

// lastTrail returns the mode of trails that the stack ran with; empty if it has no archive.
// An earlier version of coldstart hasn't noted the mode.
func lastTrail(previous *stackref.Audit) organization.TrailMode {
	switch {
	case previous.Trail != "" || previous.ArchiveBucket == "":
		return previous.Trail
	case len(previous.ArchiveAccounts) > 0:
		return organization.TrailAccount
	}
	return organization.TrailOrganization
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
func (m *member) trailOwners() (ids []pulumi.StringInput) {
	for _, name := range trailAccounts(m.org.Organization) {
		ids = append(ids, m.idOf(name))
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
