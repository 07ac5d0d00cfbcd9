package program

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
)

// emulatorRetries is how often a call is tried again against a local emulator
// without AWS's rates: an action that it lacks should fail at once.
const emulatorRetries = 2

// newProvider declares a provider. Nothing uses the default one: each stack says
// for each resource in which account it lives.
func newProvider(ctx *pulumi.Context, org *declaration, name string, args *aws.ProviderArgs) (*aws.Provider, error) {
	if args.Region == nil {
		args.Region = pulumi.String(org.Region)
	}
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

// Names of the providers that come into an account by one of its roles.
const (
	accountProvider    = "account"    // into the stack's own account
	delegationProvider = "delegation" // into the management account
	insideProvider     = "inside-"    // into another account, whose name follows
)

// regionProvider is the name of the provider that comes into another region of the
// stack's own account.
func regionProvider(region string) string { return accountProvider + "-" + region }

// assuming works in a region of an account through one of its roles, or by its plan
// role if that is what previews come in by.
func assuming(ctx *pulumi.Context, org *declaration, name, region, account string, accountID, roleARN pulumi.StringInput) (*aws.Provider, error) {
	args := &aws.ProviderArgs{Region: pulumi.String(region), AllowedAccountIds: pulumi.StringArray{accountID}}
	if plan := org.settings.Plan; plan != nil {
		role := org.Name(account, organization.RolePlan) // Enter does the same to a provider in the state.
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
		Duration:    pulumi.String(awsconfig.Session.String()),
	}
	return newProvider(ctx, org, name, args)
}

// sessionName is what CloudTrail shows as who came in.
const sessionName = "coldstart"

// Enter changes the inputs of one of a stack's providers, as Pulumi's state holds
// them, so that the provider comes into its account by the account's plan role. One
// that assumes no role is left alone.
func (p *Plan) Enter(org *organization.Organization, stack, provider string, inputs map[string]any) error {
	raw, ok := inputs["assumeRole"]
	if !ok {
		return nil
	}
	account := stack
	switch {
	case provider == delegationProvider:
		account = organization.Master
	case strings.HasPrefix(provider, insideProvider):
		account = strings.TrimPrefix(provider, insideProvider)
	case provider != accountProvider && !strings.HasPrefix(provider, regionProvider("")):
		return fmt.Errorf("provider %s of stack %s assumes a role, and coldstart knows no plan role to take in its place", provider, stack)
	}
	text, encoded := raw.(string) // Pulumi writes what isn't a text as JSON in one.
	if !encoded {
		content, err := json.Marshal(raw)
		if err != nil {
			return err
		}
		text = string(content)
	}
	var assumed struct {
		RoleARN string `json:"roleArn"`
	}
	if err := json.Unmarshal([]byte(text), &assumed); err != nil {
		return fmt.Errorf("the role of provider %s in the state of stack %s: %w", provider, stack, err)
	}
	parts := strings.Split(assumed.RoleARN, ":")
	if len(parts) != 6 {
		return fmt.Errorf("the role of provider %s in the state of stack %s is %q, which is no ARN", provider, stack, assumed.RoleARN)
	}
	entrance := map[string]any{
		"roleArn":              organization.RoleARN(parts[4], org.Name(account, organization.RolePlan)),
		"sessionName":          sessionName,
		"webIdentityTokenFile": p.TokenFile,
	}
	delete(inputs, "assumeRole")
	inputs["assumeRoleWithWebIdentity"] = entrance
	if encoded {
		content, err := json.Marshal(entrance)
		if err != nil {
			return err
		}
		inputs["assumeRoleWithWebIdentity"] = string(content)
	}
	return nil
}
