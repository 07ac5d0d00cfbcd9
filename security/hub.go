package security

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/securityhub"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// HubType is the component's type token.
const HubType = "coldstart:security:SecurityHub"

// HubArgs are the arguments of NewHub.
type HubArgs struct {
	// Management is the provider of the management account. It and the component's own provider, which is that of the account that
	// administers Security Hub, are in the home region: the one that has the findings of all regions.
	Management pulumi.ProviderResource `required:"true"`
	// AdministratorID is the id of the account that administers Security Hub.
	AdministratorID pulumi.StringInput `required:"true"`
	// Region is the home region. Linked are the other ones in which accounts have Security Hub, with the providers of the management
	// account.
	Region string `required:"true"`
	Linked []Region
	// Meanwhile are resources that come between the delegation and central configuration, for which Security Hub has to have read the
	// organization: what takes long takes some of that time.
	Meanwhile []pulumi.Resource
	// Prefix is what the names of configuration policies begin with, such as a namespace.
	Prefix string `required:"true"`
	// RootID is the id of the organization's root. Standards are those of all accounts, of organization.SecurityHubStandards.
	RootID    pulumi.StringInput `required:"true"`
	Standards []string
	// Units are the units that have standards of their own.
	Units []UnitStandards
}

// UnitStandards are the standards of a unit's accounts, in place of those of what the unit is in.
type UnitStandards struct {
	// Key is the unit's key in the declaration, and ID its id in AWS.
	Key string
	ID  pulumi.StringInput
	// Standards are of organization.SecurityHubStandards.
	Standards []string
}

// Hub is AWS Security Hub of every account of the organization and of those to come, by central configuration.
type Hub struct {
	pulumi.ResourceState
}

// NewHub declares the hubs of the administrator and of the management account, the delegation, which regions are linked, and a
// configuration policy for all accounts and for each unit that has standards of its own. AWS enables Security Hub in all other accounts,
// as the policies say, and makes the administrator one in the linked regions. It takes a hub that the management account has already.
// https://docs.aws.amazon.com/securityhub/latest/userguide/start-central-configuration.html
// https://docs.aws.amazon.com/securityhub/latest/userguide/view-policy.html
func NewHub(ctx *pulumi.Context, name string, args *HubArgs, opts ...pulumi.ResourceOption) (*Hub, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	h := &Hub{}
	if err := ctx.RegisterComponentResource(HubType, name, h, opts...); err != nil {
		return nil, err
	}
	central, err := args.centralize(ctx, name, h)
	if err != nil {
		return nil, err
	}
	if err := args.configure(ctx, name, args.Prefix, args.RootID, args.Standards, central, h); err != nil {
		return nil, err
	}
	for _, unit := range args.Units {
		if err := args.configure(ctx, name+"-"+unit.Key, args.Prefix+"/"+policyName.Replace(unit.Key), unit.ID, unit.Standards, central, h); err != nil {
			return nil, err
		}
	}
	return h, ctx.RegisterResourceOutputs(h, pulumi.Map{})
}

// policyName writes a unit's key so that Security Hub takes it in the name of a configuration policy.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateConfigurationPolicy.html
var policyName = strings.NewReplacer(" ", "*", "_", "!")

// centralize declares that the administrator configures all accounts, and returns what says so.
func (args *HubArgs) centralize(ctx *pulumi.Context, name string, parent pulumi.Resource) (pulumi.Resource, error) {
	hubs, err := args.hubs(ctx, name, parent)
	if err != nil {
		return nil, err
	}
	delegation, err := securityhub.NewOrganizationAdminAccount(ctx, name, &securityhub.OrganizationAdminAccountArgs{AdminAccountId: args.AdministratorID},
		pulumi.Parent(parent), pulumi.Provider(args.Management), pulumi.DependsOn(hubs))
	if err != nil {
		return nil, err
	}
	regions := &securityhub.FindingAggregatorArgs{LinkingMode: pulumi.String("NO_REGIONS")}
	if len(args.Linked) > 0 {
		linked := pulumi.StringArray{}
		for _, l := range args.Linked {
			linked = append(linked, pulumi.String(l.Name))
		}
		regions.LinkingMode, regions.SpecifiedRegions = pulumi.String("SPECIFIED_REGIONS"), linked
	}
	aggregator, err := securityhub.NewFindingAggregator(ctx, name, regions, pulumi.Parent(parent), pulumi.DependsOn([]pulumi.Resource{delegation}))
	if err != nil {
		return nil, err
	}
	return securityhub.NewOrganizationConfiguration(ctx, name, &securityhub.OrganizationConfigurationArgs{
		AutoEnable:          pulumi.Bool(false),
		AutoEnableStandards: pulumi.String("NONE"),
		OrganizationConfiguration: &securityhub.OrganizationConfigurationOrganizationConfigurationArgs{
			ConfigurationType: pulumi.String("CENTRAL"),
		},
	}, pulumi.Parent(parent), pulumi.DependsOn(append(slices.Clone(args.Meanwhile), aggregator)))
}

// hubs declares the administrator's hub and those of the management account, without the standards that AWS turns on by default. They
// come before the delegation, which would make the administrator's, and before regions are linked, since an account that is configured
// centrally can't have a hub made. They stay when they are no longer declared: in a linked region AWS keeps the delegation, and refuses to
// disable a member.
func (args *HubArgs) hubs(ctx *pulumi.Context, name string, parent pulumi.Resource) (hubs []pulumi.Resource, err error) {
	declare := func(name string, opts ...pulumi.ResourceOption) error {
		hub, err := securityhub.NewAccount(ctx, name, &securityhub.AccountArgs{
			EnableDefaultStandards: pulumi.Bool(false), ControlFindingGenerator: pulumi.String("SECURITY_CONTROL"), AutoEnableControls: pulumi.Bool(true),
		}, append(opts, pulumi.Parent(parent), pulumi.RetainOnDelete(true))...)
		hubs = append(hubs, hub)
		return err
	}
	if err := declare(name); err != nil {
		return nil, err
	}
	if err := declare(name+"-management", pulumi.Provider(args.Management)); err != nil {
		return nil, err
	}
	for _, l := range args.Linked {
		if err := declare(name+"-management-"+l.Name, pulumi.Provider(l.Provider)); err != nil {
			return nil, err
		}
	}
	return hubs, nil
}

// configure declares the standards of the accounts below a target, which is a unit or the organization's root.
func (args *HubArgs) configure(ctx *pulumi.Context, name, policyName string, targetID pulumi.StringInput, standards []string, central, parent pulumi.Resource) error {
	arns := pulumi.StringArray{}
	for _, standard := range standards {
		arns = append(arns, pulumi.String("arn:aws:securityhub:"+args.Region+"::standards/"+standard))
	}
	policy, err := securityhub.NewConfigurationPolicy(ctx, name, &securityhub.ConfigurationPolicyArgs{
		Name: pulumi.String(policyName),
		ConfigurationPolicy: securityhub.ConfigurationPolicyConfigurationPolicyArgs{
			ServiceEnabled:      pulumi.Bool(true),
			EnabledStandardArns: arns,
			SecurityControlsConfiguration: securityhub.ConfigurationPolicyConfigurationPolicySecurityControlsConfigurationArgs{
				DisabledControlIdentifiers: pulumi.StringArray{},
			},
		},
	}, pulumi.Parent(parent), pulumi.DependsOn([]pulumi.Resource{central}))
	if err != nil {
		return err
	}
	_, err = securityhub.NewConfigurationPolicyAssociation(ctx, name, &securityhub.ConfigurationPolicyAssociationArgs{
		PolicyId: policy.ID(), TargetId: targetID,
	}, pulumi.Parent(parent))
	return err
}
