package program

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
)

// emulatorRetries is how often a call is tried again against a local emulator
// without AWS's rates: an action that it lacks should fail at once.
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
		if org.settings.Pace == 0 {
			args.MaxRetries = pulumi.Int(emulatorRetries)
		}
	}
	return aws.NewProvider(ctx, name, args)
}

// assuming works in an account through one of its roles, or by its plan role if
// that is what previews come in by.
func assuming(ctx *pulumi.Context, org *declaration, name, account string, accountID, roleARN pulumi.StringInput) (*aws.Provider, error) {
	args := &aws.ProviderArgs{AllowedAccountIds: pulumi.StringArray{accountID}}
	if plan := org.settings.Plan; plan != nil {
		role := org.Name(account, organization.RolePlan)
		args.AssumeRoleWithWebIdentity = aws.ProviderAssumeRoleWithWebIdentityArgs{
			RoleArn: accountID.ToStringOutput().ApplyT(func(id string) *string {
				arn := organization.RoleARN(id, role)
				return &arn
			}).(pulumi.StringPtrOutput),
			SessionName:          pulumi.String(sessionName),
			WebIdentityTokenFile: pulumi.String(plan.TokenFile),
		}
		return newProvider(ctx, org, name, args)
	}
	args.AssumeRole = aws.ProviderAssumeRoleArgs{
		RoleArn:     roleARN.ToStringOutput().ToStringPtrOutput(),
		SessionName: pulumi.String(sessionName),
	}
	return newProvider(ctx, org, name, args)
}

// sessionName is what CloudTrail shows as who came in.
const sessionName = "coldstart"
