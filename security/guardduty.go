package security

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/guardduty"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
)

// GuardDutyType is the component's type token.
const GuardDutyType = "coldstart:security:GuardDuty"

// GuardDutyArgs are the arguments of NewGuardDuty.
type GuardDutyArgs struct {
	// Management is the provider of the management account, in the component's region. The component's own provider is that of
	// the account that administers GuardDuty.
	Management pulumi.ProviderResource `required:"true"`
	// AdministratorID is the id of the account that administers GuardDuty.
	AdministratorID pulumi.StringInput `required:"true"`
	// Features are the features that every account has, of organization.GuardDutyFeatures.
	Features []string
	// After are delegations that have to exist first: two regions at once can't both make the account the administrator.
	After []pulumi.Resource
	// Meanwhile are resources that come between the delegation and what the administrator says of members. GuardDuty knows its
	// administrator only some seconds after the delegation, so what takes long takes that time.
	Meanwhile []pulumi.Resource
	// Export is where GuardDuty writes all findings to; nil for nowhere.
	Export *Export
	// ManagementTags and Tags are the tags of the two detectors.
	ManagementTags, Tags pulumi.StringMapInput
}

// Export is a bucket that takes findings, with the key that encrypts them. Both are in one region, which may be another one.
type Export struct {
	// Bucket is the bucket's name.
	Bucket, KeyARN pulumi.StringInput
}

// GuardDuty is Amazon GuardDuty of a region, for every account of the organization and for those to come.
type GuardDuty struct {
	pulumi.ResourceState

	// DetectorID is the id of the administrator's detector.
	DetectorID pulumi.IDOutput
	// Delegation makes the administrator one in the region.
	Delegation pulumi.Resource
}

// NewGuardDuty declares the detectors of the management account and of the administrator, the delegation, and that GuardDuty enables
// every account. The management account needs a detector of its own, or it never becomes a member. The administrator needs one
// before the delegation, or GuardDuty makes one that nobody has declared.
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_organizations.html
func NewGuardDuty(ctx *pulumi.Context, name string, args *GuardDutyArgs, opts ...pulumi.ResourceOption) (*GuardDuty, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	g := &GuardDuty{}
	if err := ctx.RegisterComponentResource(GuardDutyType, name, g, opts...); err != nil {
		return nil, err
	}
	management := pulumi.Provider(args.Management)
	of, err := guardduty.NewDetector(ctx, name+"-management", &guardduty.DetectorArgs{Enable: pulumi.Bool(true), Tags: args.ManagementTags}, pulumi.Parent(g), management)
	if err != nil {
		return nil, err
	}
	own, err := guardduty.NewDetector(ctx, name, &guardduty.DetectorArgs{Enable: pulumi.Bool(true), Tags: args.Tags}, pulumi.Parent(g))
	if err != nil {
		return nil, err
	}
	g.DetectorID = own.ID()
	delegation, err := guardduty.NewOrganizationAdminAccount(ctx, name, &guardduty.OrganizationAdminAccountArgs{AdminAccountId: args.AdministratorID},
		pulumi.Parent(g), management, pulumi.DependsOn(append(slices.Clone(args.After), of, own)))
	if err != nil {
		return nil, err
	}
	g.Delegation = delegation
	if err := args.enable(ctx, name, own, delegation, g); err != nil {
		return nil, err
	}
	if args.Export != nil {
		if _, err := guardduty.NewPublishingDestination(ctx, name, &guardduty.PublishingDestinationArgs{
			DetectorId: own.ID(), DestinationArn: pulumi.Sprintf("arn:aws:s3:::%s", args.Export.Bucket), KmsKeyArn: args.Export.KeyARN,
		}, pulumi.Parent(g)); err != nil {
			return nil, err
		}
	}
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"detectorId": g.DetectorID})
}

// enable declares which accounts GuardDuty enables, and with which features. Those of the administrator itself are its detector's
// own; they come one after the other, since each is a change of the same detector, and first, since GuardDuty knows its administrator
// only some seconds after the delegation.
func (args *GuardDutyArgs) enable(ctx *pulumi.Context, name string, own *guardduty.Detector, delegation, parent pulumi.Resource) error {
	last := delegation
	for _, feature := range organization.GuardDutyFeatures() {
		status := "DISABLED"
		if slices.Contains(args.Features, feature) {
			status = "ENABLED"
		}
		var err error
		if last, err = guardduty.NewDetectorFeature(ctx, name+"-"+feature, &guardduty.DetectorFeatureArgs{
			DetectorId: own.ID(), Name: pulumi.String(feature), Status: pulumi.String(status),
		}, pulumi.Parent(parent), pulumi.DependsOn([]pulumi.Resource{last})); err != nil {
			return err
		}
	}
	all, err := guardduty.NewOrganizationConfiguration(ctx, name, &guardduty.OrganizationConfigurationArgs{
		DetectorId: own.ID(), AutoEnableOrganizationMembers: pulumi.String("ALL"),
	}, pulumi.Parent(parent), pulumi.DependsOn(append(slices.Clone(args.Meanwhile), last)))
	if err != nil {
		return err
	}
	for _, feature := range organization.GuardDutyFeatures() {
		auto := "NONE"
		if slices.Contains(args.Features, feature) {
			auto = "ALL"
		}
		if _, err := guardduty.NewOrganizationConfigurationFeature(ctx, name+"-"+feature, &guardduty.OrganizationConfigurationFeatureArgs{
			DetectorId: own.ID(), Name: pulumi.String(feature), AutoEnable: pulumi.String(auto),
		}, pulumi.Parent(parent), pulumi.DependsOn([]pulumi.Resource{all})); err != nil {
			return err
		}
	}
	return nil
}
