package accounts

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// RegionalType is the component's type token.
const RegionalType = "coldstart:accounts:Regional"

// Regional has the settings that AWS keeps for each region of an account.
type Regional struct {
	pulumi.ResourceState
}

// NewRegional declares the settings of the provider's region: EC2 encrypts new EBS volumes, and new
// instances accept only IMDSv2 unless a launch says otherwise.
func NewRegional(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (*Regional, error) {
	r := &Regional{}
	if err := ctx.RegisterComponentResource(RegionalType, name, r, opts...); err != nil {
		return nil, err
	}
	if err := regional(ctx, name, r); err != nil {
		return nil, err
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{})
}

// regional declares a region's settings as children of parent. The settings stay in AWS if the
// program no longer declares the region, and after a destroy. Otherwise new volumes there would be
// unencrypted.
// https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html#set-imdsv2-account-defaults
func regional(ctx *pulumi.Context, name string, parent pulumi.Resource) error {
	if _, err := ebs.NewEncryptionByDefault(ctx, name, &ebs.EncryptionByDefaultArgs{
		Enabled: pulumi.Bool(true),
	}, pulumi.Parent(parent), pulumi.RetainOnDelete(true)); err != nil {
		return err
	}
	// The settings are registered by their type token. The SDK's package ec2 has a thousand resources,
	// takes two minutes to compile, and would be linked into every program.
	var defaults pulumi.CustomResourceState
	return ctx.RegisterResource(awstype.EC2InstanceMetadataDefaults, name, pulumi.Map{"httpTokens": pulumi.String("required")}, &defaults,
		pulumi.Parent(parent), pulumi.RetainOnDelete(true))
}
