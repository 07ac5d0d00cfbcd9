package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// emulatorRetries is how often a call is tried again against a local emulator:
// it has no throttling, and an action that it lacks should fail at once.
const emulatorRetries = 2

// newProvider declares a provider. Nothing uses the default one: each stack says
// for each resource in which account it lives.
func newProvider(ctx *pulumi.Context, org *declaration, name string, args *aws.ProviderArgs) (*aws.Provider, error) {
	args.Region = pulumi.String(org.Region)
	if emulator := org.settings.Emulator; emulator != "" {
		args.S3UsePathStyle = pulumi.Bool(true)
		// S3 Control's host names start with the account's id, which makes a name
		// of the emulator's that nobody resolves. A proxy isn't asked to.
		args.HttpProxy = pulumi.String(emulator)
		args.MaxRetries = pulumi.Int(emulatorRetries)
	}
	return aws.NewProvider(ctx, name, args)
}

// assuming works in an account through one of its roles.
func assuming(ctx *pulumi.Context, org *declaration, name string, accountID, roleARN pulumi.StringInput) (*aws.Provider, error) {
	return newProvider(ctx, org, name, &aws.ProviderArgs{
		AllowedAccountIds: pulumi.StringArray{accountID},
		AssumeRole: aws.ProviderAssumeRoleArgs{
			RoleArn:     roleARN.ToStringOutput().ToStringPtrOutput(),
			SessionName: pulumi.String("coldstart"),
		},
	})
}
