package accounts

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// OrganizationType is the component's type token.
const OrganizationType = "coldstart:accounts:Organization"

// CloudTrailService is the principal that has to be trusted for an organization trail.
// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudtrail.html
const CloudTrailService = "cloudtrail.amazonaws.com"

// OrganizationArgs are the arguments of NewOrganization.
type OrganizationArgs struct {
	// TrustedServices have access to the organization, besides those that others have
	// given access.
	TrustedServices []string
	// PolicyTypes are enabled in the root, besides those that others have enabled.
	PolicyTypes []string
	// Units are the organizational units, each after its parent.
	Units []Unit
	// Existing is what AWS holds already; nil if there is no organization.
	Existing *Existing
}

// Unit is an organizational unit.
type Unit struct {
	// Key is the unit's name in the program, Name the one in AWS.
	Key, Name string
	// Parent is the key of the unit that this one is in; empty for the root.
	Parent string
	// Was is the key that the stack's state has the unit under; empty if that is Key, or
	// if the state doesn't have the unit.
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

// Trusts reports whether the organization trusts a declared service when this
// run has made it: one that is adopted stays as it is until the next.
func (o *Organization) Trusts(service string) bool {
	return !o.existing.Adopts() || slices.Contains(o.existing.TrustedServices, service)
}

// Allows reports the same of a type of policies.
func (o *Organization) Allows(policyType string) bool {
	return !o.existing.Adopts() || slices.Contains(o.existing.PolicyTypes, policyType)
}

// Parent returns the id of the unit with a key, and the root's for no key.
func (o *Organization) Parent(unit string) pulumi.StringOutput {
	if unit == "" {
		return o.RootID
	}
	return o.Units[unit]
}

// NewOrganization declares an organization with all features and its units.
func NewOrganization(ctx *pulumi.Context, name string, args *OrganizationArgs, opts ...pulumi.ResourceOption) (*Organization, error) {
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

// declare declares the organization, or only reads one that the provider can't manage.
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

// newUnit declares a unit. One that leaves the program is deleted, which AWS does only if
// the unit is empty, so that no account goes with it. Whoever destroys the whole stack
// leaves units in AWS along with the organization and its accounts.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html
func (o *Organization) newUnit(ctx *pulumi.Context, unit Unit, existing *Existing) error {
	options := append(existing.unit(unit.Key), pulumi.Parent(o), pulumi.DeletedWith(o.organization),
		// AWS moves no unit: for another parent there has to be another unit. The provider
		// would delete the old one first, since both have the name.
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

// sorted keeps the order in which a list was written from making a difference.
func sorted(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
