package audit_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
)

// An archive that takes the logs of one trail, and that trail.
func ExampleNewTrail() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		archive, err := audit.NewArchive(ctx, "archive", &audit.ArchiveArgs{
			Name:          "acme-audit-trails",
			AccountID:     pulumi.String("123456789012"),
			AccessRoleARN: pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole"),
			TrailARN:      pulumi.String("arn:aws:cloudtrail:us-west-2:111111111111:trail/acme-master-trail"),
			RetentionDays: 365,
		})
		if err != nil {
			return err
		}
		_, err = audit.NewTrail(ctx, "trail", &audit.TrailArgs{
			Name:         "acme-master-trail",
			Bucket:       archive.Bucket,
			KeyARN:       archive.KeyARN,
			Organization: true,
			After:        archive.Ready,
		})
		return err
	})
}

// A trail whose events raise alarms, which security@acme.example gets.
func ExampleNewAlarms() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		alarms, err := audit.NewAlarms(ctx, "alarms", &audit.AlarmsArgs{
			Prefix:         "acme-master-",
			Region:         "us-west-2",
			AccountID:      pulumi.String("111111111111"),
			OrganizationID: pulumi.String("o-exampleorgid"),
			Address:        "security@acme.example",
		})
		if err != nil {
			return err
		}
		_, err = audit.NewTrail(ctx, "trail", &audit.TrailArgs{
			Name:         "acme-master-trail",
			Bucket:       pulumi.String("acme-audit-trails-123456789012"),
			KeyARN:       pulumi.String("arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555"),
			Organization: true,
			LogGroupARN:  alarms.LogGroupARN,
			LogsRoleARN:  alarms.RoleARN,
		})
		return err
	})
}

// A bucket for the findings of GuardDuty, which another account administers.
func ExampleNewFindingsBucket() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := audit.NewFindingsBucket(ctx, "guardduty", &audit.FindingsBucketArgs{
			Exporter:        audit.GuardDuty,
			Name:            "acme-audit-guardduty",
			AccountID:       pulumi.String("123456789012"),
			AccessRoleARN:   pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole"),
			AdministratorID: pulumi.String("210987654321"),
		})
		return err
	})
}
