package accounts

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/account"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
)

// SettingsType is the component's type token.
const SettingsType = "coldstart:accounts:Settings"

// SettingsArgs are the arguments of NewSettings.
type SettingsArgs struct {
	// Alias is the account's name in its sign-in URL; none if empty.
	Alias     string
	Passwords organization.PasswordPolicy
	// Contacts are the alternate contacts by type: billing, operations, security.
	Contacts map[string]organization.Contact
}

// Settings has the settings of a whole account.
type Settings struct {
	pulumi.ResourceState
}

// NewSettings declares an account's alias, password policy, block of public S3 access and alternate
// contacts. It also declares the settings of Regional for the provider's region. AWS has one of
// each setting for an account, so a declared setting overwrites the one that somebody else has
// made.
func NewSettings(ctx *pulumi.Context, name string, args *SettingsArgs, opts ...pulumi.ResourceOption) (*Settings, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	s := &Settings{}
	if err := ctx.RegisterComponentResource(SettingsType, name, s, opts...); err != nil {
		return nil, err
	}
	if args.Alias != "" {
		if _, err := iam.NewAccountAlias(ctx, name, &iam.AccountAliasArgs{
			AccountAlias: pulumi.String(args.Alias),
		}, pulumi.Parent(s), pulumi.DeleteBeforeReplace(true)); err != nil { // An account has one alias at a time.
			return nil, err
		}
	}
	if err := s.passwords(ctx, name, args.Passwords); err != nil {
		return nil, err
	}
	if err := regional(ctx, name, s); err != nil {
		return nil, err
	}
	if _, err := s3.NewAccountPublicAccessBlock(ctx, name, &s3.AccountPublicAccessBlockArgs{
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, pulumi.Parent(s)); err != nil {
		return nil, err
	}
	for _, about := range slices.Sorted(maps.Keys(args.Contacts)) {
		contact := args.Contacts[about]
		if _, err := account.NewAlternativeContact(ctx, about, &account.AlternativeContactArgs{
			AlternateContactType: pulumi.String(organization.ContactType(about)),
			Name:                 pulumi.String(contact.Name),
			Title:                pulumi.String(contact.Title),
			EmailAddress:         pulumi.String(contact.Email),
			PhoneNumber:          pulumi.String(contact.Phone),
		}, pulumi.Parent(s)); err != nil {
			return nil, err
		}
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}

func (s *Settings) passwords(ctx *pulumi.Context, name string, p organization.PasswordPolicy) error {
	args := &iam.AccountPasswordPolicyArgs{
		AllowUsersToChangePassword: pulumi.Bool(true), // Users who can't change a password share it.
		MinimumPasswordLength:      pulumi.Int(p.MinimumLength),
		RequireUppercaseCharacters: pulumi.Bool(p.Uppercase),
		RequireLowercaseCharacters: pulumi.Bool(p.Lowercase),
		RequireNumbers:             pulumi.Bool(p.Numbers),
		RequireSymbols:             pulumi.Bool(p.Symbols),
	}
	// AWS accepts 0 for neither of them.
	if p.Reuse > 0 {
		args.PasswordReusePrevention = pulumi.Int(p.Reuse)
	}
	if p.MaxAgeDays > 0 {
		args.MaxPasswordAge = pulumi.Int(p.MaxAgeDays)
	}
	_, err := iam.NewAccountPasswordPolicy(ctx, name, args, pulumi.Parent(s))
	return err
}
