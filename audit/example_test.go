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
