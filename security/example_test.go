package security_test

import (
	"os"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

// GuardDuty of every account, administered by one member.
func ExampleNewGuardDuty() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		management, err := aws.NewProvider(ctx, "management", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		administrator, err := aws.NewProvider(ctx, "administrator", &aws.ProviderArgs{
			Region:     pulumi.String("eu-west-1"),
			AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole")},
		})
		if err != nil {
			return err
		}
		_, err = security.NewGuardDuty(ctx, "guardduty", &security.GuardDutyArgs{
			Management:      management,
			AdministratorID: pulumi.String("123456789012"),
			Features:        []string{"S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"},
		}, pulumi.Providers(administrator))
		return err
	})
}

// Inspector of two accounts besides the one that administers it.
func ExampleNewInspector() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		management, err := aws.NewProvider(ctx, "management", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		administrator, err := aws.NewProvider(ctx, "administrator", &aws.ProviderArgs{
			Region:     pulumi.String("eu-west-1"),
			AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole")},
		})
		if err != nil {
			return err
		}
		_, err = security.NewInspector(ctx, "inspector", &security.InspectorArgs{
			Management:      management,
			AdministratorID: pulumi.String("123456789012"),
			Scans:           []string{"EC2", "ECR"},
			Members:         []security.InspectorMember{{Name: "master", ID: pulumi.String("111111111111")}, {Name: "app", ID: pulumi.String("222222222222")}},
		}, pulumi.Providers(administrator))
		return err
	})
}

// Macie of two accounts besides the management account, administered by one of them.
func ExampleNewMacie() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		management, err := aws.NewProvider(ctx, "management", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		administrator, err := aws.NewProvider(ctx, "administrator", &aws.ProviderArgs{
			Region:     pulumi.String("eu-west-1"),
			AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole")},
		})
		if err != nil {
			return err
		}
		_, err = security.NewMacie(ctx, "macie", &security.MacieArgs{
			Management:      management,
			AdministratorID: pulumi.String("123456789012"),
			Members:         []security.MacieMember{{Name: "app", ID: pulumi.String("222222222222"), Email: "app@acme.example"}},
		}, pulumi.Providers(administrator))
		return err
	})
}

// Security Hub of every account, administered by one member, in two regions.
func ExampleNewHub() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		management, err := aws.NewProvider(ctx, "management", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		elsewhere, err := aws.NewProvider(ctx, "management-us-east-1", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
		if err != nil {
			return err
		}
		administrator, err := aws.NewProvider(ctx, "administrator", &aws.ProviderArgs{
			Region:     pulumi.String("eu-west-1"),
			AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole")},
		})
		if err != nil {
			return err
		}
		_, err = security.NewHub(ctx, "securityhub", &security.HubArgs{
			Management:      management,
			AdministratorID: pulumi.String("123456789012"),
			Region:          "eu-west-1",
			Linked:          []security.Region{{Name: "us-east-1", Provider: elsewhere}},
			Prefix:          "acme",
			RootID:          pulumi.String("r-abcd"),
		}, pulumi.Providers(administrator))
		return err
	})
}

// AWS Config of an account in two regions, which writes to another account's bucket once a day.
func ExampleNewConfig() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		elsewhere, err := aws.NewProvider(ctx, "us-east-1", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
		if err != nil {
			return err
		}
		_, err = security.NewConfig(ctx, "recorders", &security.ConfigArgs{
			Bucket:    pulumi.String("acme-audit-config-123456789012"),
			KeyARN:    pulumi.String("arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"),
			Recording: organization.RecordDaily,
			Region:    "eu-west-1",
			Others:    []security.Region{{Name: "us-east-1", Provider: elsewhere}},
		})
		return err
	})
}

// An address that hears of findings of high severity in all accounts and regions.
func ExampleNewFindings() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := security.NewFindings(ctx, "findings", &security.FindingsArgs{
			Name:      "acme-security-findings",
			AccountID: pulumi.String("123456789012"),
			Address:   "security@acme.example",
		})
		return err
	})
}

// A conformance pack that all accounts of the organization have in two regions, but one.
func ExampleNewConformancePack() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		administrator, err := aws.NewProvider(ctx, "administrator", &aws.ProviderArgs{
			Region:     pulumi.String("eu-west-1"),
			AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole")},
		})
		if err != nil {
			return err
		}
		elsewhere, err := aws.NewProvider(ctx, "administrator-us-east-1", &aws.ProviderArgs{
			Region:     pulumi.String("us-east-1"),
			AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole")},
		})
		if err != nil {
			return err
		}
		template, err := os.ReadFile("packs/keys.yaml")
		if err != nil {
			return err
		}
		_, err = security.NewConformancePack(ctx, "conformance-keys", &security.ConformancePackArgs{
			Name:       "acme-keys",
			Template:   string(template),
			Parameters: map[string]string{"MaxAge": "90"},
			Excluded:   []pulumi.StringInput{pulumi.String("111122223333")},
			Others:     []security.Region{{Name: "us-east-1", Provider: elsewhere}},
		}, pulumi.Providers(administrator))
		return err
	})
}
