package security

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/macie2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
)

// MacieType is the component's type token.
const MacieType = "coldstart:security:Macie"

// MacieArgs are the arguments of NewMacie.
type MacieArgs struct {
	// Management is the provider of the management account, in the component's region. The component's own provider is that of
	// the account that administers Macie.
	Management pulumi.ProviderResource `required:"true"`
	// AdministratorID is the id of the account that administers Macie.
	AdministratorID pulumi.StringInput `required:"true"`
	// Members are the other accounts that the organization has, without the management account.
	Members []MacieMember
	// First is Macie of the region that came first; nil for that one itself, which registers the administrator with AWS Organizations.
	// Two regions at once can't both make the account the administrator.
	First *Macie
	// Meanwhile are resources that come between the delegation and what the administrator says of members. Macie knows its
	// administrator only some seconds after the delegation, so what takes long takes that time.
	Meanwhile []pulumi.Resource
	// Export is where Macie writes what it discovers to; nil for nowhere.
	Export *Export
}

// MacieMember is an account that Macie looks at.
type MacieMember struct {
	// Name is the account's name in the declaration, ID its id in AWS, and Email its address.
	Name  string
	ID    pulumi.StringInput
	Email string
}

// Macie is Amazon Macie of a region, for accounts of the organization and for those to come.
type Macie struct {
	pulumi.ResourceState

	// delegation makes the administrator one in the region.
	delegation pulumi.Resource
}

// NewMacie declares Macie in the management account and in the administrator's, the delegation, that accounts to come are members, and each
// member. AWS makes accounts to come members by itself, and not those that the organization has already.
//
// The management account has Macie by itself and isn't a member. As one it couldn't take the administration away, until the administrator
// removes it, and the AWS plugin removes no member.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-admin-change.html
//
// What the AWS plugin can't delete stays in AWS: members, which leave with the delegation, and Macie in the administrator's account, which
// AWS keeps as long as associations are left.
// https://docs.aws.amazon.com/macie/latest/APIReference/macie.html
// https://github.com/hashicorp/terraform-provider-aws/issues/26219
func NewMacie(ctx *pulumi.Context, name string, args *MacieArgs, opts ...pulumi.ResourceOption) (*Macie, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	m := &Macie{}
	if err := ctx.RegisterComponentResource(MacieType, name, m, opts...); err != nil {
		return nil, err
	}
	own, err := macie2.NewAccount(ctx, name, &macie2.AccountArgs{Status: pulumi.String("ENABLED")}, pulumi.Parent(m), pulumi.RetainOnDelete(true))
	if err != nil {
		return nil, err
	}
	if err := m.delegate(ctx, name, args, own); err != nil {
		return nil, err
	}
	if args.Export != nil {
		if _, err := macie2.NewClassificationExportConfiguration(ctx, name, &macie2.ClassificationExportConfigurationArgs{
			S3Destination: macie2.ClassificationExportConfigurationS3DestinationArgs{BucketName: args.Export.Bucket, KmsKeyArn: args.Export.KeyARN},
		}, pulumi.Parent(m), pulumi.DependsOn([]pulumi.Resource{own})); err != nil {
			return nil, err
		}
	}
	all, err := macie2.NewOrganizationConfiguration(ctx, name, &macie2.OrganizationConfigurationArgs{AutoEnable: pulumi.Bool(true)},
		pulumi.Parent(m), pulumi.DependsOn(append(slices.Clone(args.Meanwhile), m.delegation)))
	if err != nil {
		return nil, err
	}
	for _, member := range args.Members {
		// AWS tells nobody the address of an account of the organization, which the AWS plugin takes for a change of it.
		// https://github.com/hashicorp/terraform-provider-aws/issues/26218
		if _, err := macie2.NewMember(ctx, name+"-"+member.Name, &macie2.MemberArgs{AccountId: member.ID, Email: pulumi.String(member.Email)},
			pulumi.Parent(m), pulumi.DependsOn([]pulumi.Resource{all}), pulumi.RetainOnDelete(true), pulumi.IgnoreChanges([]string{"email"})); err != nil {
			return nil, err
		}
	}
	return m, ctx.RegisterResourceOutputs(m, pulumi.Map{})
}

// delegate declares Macie in the management account, and the delegation. Macie registers its administrator with AWS Organizations, and
// leaves the end of that to the caller; so the registration is declared, and comes before the first delegation, to end after the last one.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-admin-change.html
func (m *Macie) delegate(ctx *pulumi.Context, name string, args *MacieArgs, own pulumi.Resource) error {
	management := pulumi.Provider(args.Management)
	of, err := macie2.NewAccount(ctx, name+"-management", &macie2.AccountArgs{Status: pulumi.String("ENABLED")}, pulumi.Parent(m), management)
	if err != nil {
		return err
	}
	after := []pulumi.Resource{of, own}
	if args.First != nil {
		after = append(after, args.First.delegation)
	} else {
		registration, err := organizations.NewDelegatedAdministrator(ctx, name, &organizations.DelegatedAdministratorArgs{
			AccountId: args.AdministratorID, ServicePrincipal: pulumi.String(organization.MacieService),
		}, pulumi.Parent(m), management)
		if err != nil {
			return err
		}
		after = append(after, registration)
	}
	m.delegation, err = macie2.NewOrganizationAdminAccount(ctx, name, &macie2.OrganizationAdminAccountArgs{AdminAccountId: args.AdministratorID},
		pulumi.Parent(m), management, pulumi.DependsOn(after))
	return err
}
