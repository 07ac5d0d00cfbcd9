package program

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
	"github.com/coldstart-aws/coldstart/stackref"
)

// exporters are the services that export, by the names of organization.Export.
var exporters = map[string]audit.Exporter{organization.GuardDutyName: audit.GuardDuty, organization.MacieName: audit.Macie}

// exportOf returns where a service writes what it finds; nil for nowhere.
func (m *member) exportOf(name string) *security.Export {
	for _, e := range m.org.Exports() {
		switch {
		case e.Name != name:
		case m.findings[name] != nil:
			return &security.Export{Bucket: m.findings[name].Bucket, KeyARN: m.findings[name].KeyARN}
		default:
			return &security.Export{
				Bucket: m.archive.String(func(a stackref.Audit) string { bucket, _, _ := a.Exported(name); return *bucket }),
				KeyARN: m.archive.String(func(a stackref.Audit) string { _, keyARN, _ := a.Exported(name); return *keyARN }),
			}
		}
	}
	return nil
}

// declareFindingsBuckets declares the buckets that services export to. A bucket and a key that stayed when that was turned off are taken
// over.
func (m *member) declareFindingsBuckets(previous *stackref.Audit) error {
	m.findings = map[string]*audit.FindingsBucket{}
	for _, e := range m.org.Exports() {
		had := false
		if previous != nil {
			bucket, _, _ := previous.Exported(e.Name)
			had = *bucket != ""
		}
		keyID, bucket, err := m.keptSince(had, previous).store(m.named(e.Name))
		if err != nil {
			return err
		}
		if m.findings[e.Name], err = audit.NewFindingsBucket(m.ctx, e.Name, &audit.FindingsBucketArgs{
			Exporter:        exporters[e.Name],
			Name:            m.named(e.Name),
			AccountID:       m.id(),
			AccessRoleARN:   m.accessRoleARN,
			AdministratorID: m.idOf(m.org.Security.Account),
			RetentionDays:   m.org.Audit.RetentionDays,
			ExistingKey:     keyID,
			ExistingBucket:  bucket,
			Tags:            m.tags(),
		}, m.in()); err != nil {
			return err
		}
	}
	return nil
}

// exportsFor checks that the buckets of all services let in the account that administers them.
func exportsFor(org *declaration, a stackref.Audit) error {
	for _, e := range org.Exports() {
		if bucket, keyARN, account := a.Exported(e.Name); *bucket == "" || *keyARN == "" || *account != org.Security.Account {
			return fmt.Errorf("the bucket of %s's findings in stack %s doesn't let in account %s yet", e.Service, org.Audit.Account, org.Security.Account)
		}
	}
	return nil
}
