package accounts

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// OrganizationType is the component's type token.
const OrganizationType = "coldstart:accounts:Organization"

// OrganizationArgs are the arguments of NewOrganization.
type OrganizationArgs struct {
	// TrustedServices are the service principals that get trusted access. Those that others have
	// enabled keep theirs.
	TrustedServices []string
	// PolicyTypes are the policy types to enable in the root. Those that others have enabled stay
	// enabled.
	PolicyTypes []string
	// Units are the organizational units. Each comes after its parent.
	Units []Unit
	// Existing is what AWS has already; nil if there is no organization.
	Existing *Existing
}

// Unit is an organizational unit.
type Unit struct {
	// Key is the unit's name in the program. Name is its name in AWS.
	Key, Name string `required:"true"`
	// Parent is the key of the unit that this one is in; empty for the root.
	Parent string
	// Was is the key that the unit has in the stack's state; empty if that is Key, or if the state
	// doesn't have the unit.
	Was  string
	Tags pulumi.StringMapInput
}

// Organization is the AWS organization with its units.
type Organization struct {
	pulumi.ResourceState

	ID              pulumi.StringOutput
	RootID          pulumi.StringOutput
	MasterAccountID pulumi.StringOutput
	TrustedServices pulumi.StringArrayOutput
	PolicyTypes     pulumi.StringArrayOutput
	// Units are the units' ids by key.
	Units map[string]pulumi.StringOutput

	organization *organizations.Organization
	existing     *Existing
}

// Trusts reports whether the organization trusts a declared service after this run. An organization
// that this run adopts doesn't change before the next run.
func (o *Organization) Trusts(service string) bool {
	return !o.existing.Adopts() || slices.Contains(o.existing.TrustedServices, service)
}

// Allows reports whether a declared policy type is enabled after this run, as Trusts does for a
// service.
func (o *Organization) Allows(policyType string) bool {
	return !o.existing.Adopts() || slices.Contains(o.existing.PolicyTypes, policyType)
}

// Parent returns the id of the unit with a key, or of the root for an empty key.
func (o *Organization) Parent(unit string) pulumi.StringOutput {
	if unit == "" {
		return o.RootID
	}
	return o.Units[unit]
}

// NewOrganization declares an organization with all features and its units.
func NewOrganization(ctx *pulumi.Context, name string, args *OrganizationArgs, opts ...pulumi.ResourceOption) (*Organization, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	o := &Organization{Units: map[string]pulumi.StringOutput{}, existing: args.Existing}
	if err := ctx.RegisterComponentResource(OrganizationType, name, o, opts...); err != nil {
		return nil, err
	}
	org, err := o.declare(ctx, name, args)
	if err != nil {
		return nil, err
	}
	o.organization, o.ID = org, org.ID().ToStringOutput()
	o.RootID = org.Roots.Index(pulumi.Int(0)).Id().Elem()
	o.MasterAccountID = org.MasterAccountId
	o.TrustedServices, o.PolicyTypes = org.AwsServiceAccessPrincipals, org.EnabledPolicyTypes
	for _, unit := range args.Units {
		if err := o.newUnit(ctx, unit, args.Existing); err != nil {
			return nil, err
		}
	}
	return o, ctx.RegisterResourceOutputs(o, pulumi.Map{"id": o.ID, "rootId": o.RootID})
}

// declare declares the organization, or only reads it if the provider can't manage it.
func (o *Organization) declare(ctx *pulumi.Context, name string, args *OrganizationArgs) (*organizations.Organization, error) {
	if len(args.Existing.Unmanaged()) > 0 {
		return organizations.GetOrganization(ctx, name, pulumi.ID(args.Existing.ID), nil, pulumi.Parent(o))
	}
	services, policyTypes := args.Existing.enabled(args.TrustedServices, args.PolicyTypes)
	return organizations.NewOrganization(ctx, name, &organizations.OrganizationArgs{
		FeatureSet:                 pulumi.String("ALL"),
		AwsServiceAccessPrincipals: pulumi.ToStringArray(services),
		EnabledPolicyTypes:         pulumi.ToStringArray(policyTypes),
	}, append(args.Existing.organization(args.TrustedServices, args.PolicyTypes), pulumi.Parent(o), pulumi.Protect(true), pulumi.RetainOnDelete(true))...)
}

// newUnit declares a unit. If the program no longer declares the unit, Pulumi deletes it. AWS
// deletes only an empty unit, so no account is deleted with it. Destroying the whole stack keeps
// units in AWS, along with the organization and its accounts.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
func (o *Organization) newUnit(ctx *pulumi.Context, unit Unit, existing *Existing) error {
	options := append(existing.unit(unit.Key), pulumi.Parent(o), pulumi.DeletedWith(o.organization),
		// AWS can't move a unit, so another parent needs another unit. The provider would delete
		// the old unit first, since both have the same name.
		pulumi.DeleteBeforeReplace(false))
	if unit.Was != "" {
		options = append(options, pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String(unit.Was)}}))
	}
	ou, err := organizations.NewOrganizationalUnit(ctx, unit.Key, &organizations.OrganizationalUnitArgs{
		Name:     pulumi.String(unit.Name),
		ParentId: o.Parent(unit.Parent),
		Tags:     unit.Tags,
	}, options...)
	if err != nil {
		return err
	}
	o.Units[unit.Key] = ou.ID().ToStringOutput()
	return nil
}

// sorted returns a sorted copy, so that the order of a list in the file makes no difference.
func sorted(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
