package security

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/inspector2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// InspectorType is the component's type token.
const InspectorType = "coldstart:security:Inspector"

// InspectorArgs are the arguments of NewInspector.
type InspectorArgs struct {
	// Management is the provider of the management account, in the component's region. The component's own provider is that of
	// the account that administers Inspector.
	Management pulumi.ProviderResource `required:"true"`
	// AdministratorID is the id of the account that administers Inspector.
	AdministratorID pulumi.StringInput `required:"true"`
	// Scans are the scans that every account has, of organization.InspectorScans.
	Scans []string `required:"true"`
	// Members are the other accounts that the organization has, the management account among them.
	Members []InspectorMember
	// After are delegations that have to exist first: two regions at once can't both make the account the administrator.
	After []pulumi.Resource
	// Meanwhile are resources that come between the delegation and what the administrator says of members. Inspector knows its
	// administrator only some seconds after the delegation, so what takes long takes that time.
	Meanwhile []pulumi.Resource
}

// InspectorMember is an account that Inspector scans.
type InspectorMember struct {
	// Name is the account's name in the declaration, and ID its id in AWS.
	Name string
	ID   pulumi.StringInput
	// Existing is the account's id if AWS has made it a member already; empty if it hasn't.
	Existing string
}

// Inspector is Amazon Inspector of a region, for accounts of the organization and for those to come.
type Inspector struct {
	pulumi.ResourceState

	// Delegation makes the administrator one in the region.
	Delegation pulumi.Resource
}

// NewInspector declares the administrator's own scans, the delegation, which scans accounts to come get, and the scans of each member.
// AWS gives scans to accounts to come by itself, and not to those that the organization has already.
//
// The administrator's scans come before the delegation, so that they are turned off after it: Inspector keeps an administrator that has
// members, such as one that nobody has declared.
// https://docs.aws.amazon.com/inspector/latest/user/designating-admin.html
func NewInspector(ctx *pulumi.Context, name string, args *InspectorArgs, opts ...pulumi.ResourceOption) (*Inspector, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	i := &Inspector{}
	if err := ctx.RegisterComponentResource(InspectorType, name, i, opts...); err != nil {
		return nil, err
	}
	own, err := args.enable(ctx, name, args.AdministratorID, i)
	if err != nil {
		return nil, err
	}
	delegation, err := inspector2.NewDelegatedAdminAccount(ctx, name, &inspector2.DelegatedAdminAccountArgs{AccountId: args.AdministratorID},
		pulumi.Parent(i), pulumi.Provider(args.Management), pulumi.DependsOn(append(slices.Clone(args.After), own)),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "5m", Delete: "5m"})) // The provider waits for 15 seconds.
	if err != nil {
		return nil, err
	}
	i.Delegation = delegation
	all, err := inspector2.NewOrganizationConfiguration(ctx, name, &inspector2.OrganizationConfigurationArgs{
		AutoEnable: inspector2.OrganizationConfigurationAutoEnableArgs{
			Ec2: args.has("EC2"), Ecr: args.has("ECR"), Lambda: args.has("LAMBDA"), LambdaCode: args.has("LAMBDA_CODE"),
		},
	}, pulumi.Parent(i), pulumi.DependsOn(append(slices.Clone(args.Meanwhile), delegation)))
	if err != nil {
		return nil, err
	}
	for _, member := range args.Members {
		opts := []pulumi.ResourceOption{pulumi.Parent(i), pulumi.DependsOn([]pulumi.Resource{all})}
		if member.Existing != "" {
			opts = append(opts, pulumi.Import(pulumi.ID(member.Existing)))
		}
		association, err := inspector2.NewMemberAssociation(ctx, name+"-"+member.Name, &inspector2.MemberAssociationArgs{AccountId: member.ID}, opts...)
		if err != nil {
			return nil, err
		}
		if _, err := args.enable(ctx, name+"-"+member.Name, member.ID, i, association); err != nil {
			return nil, err
		}
	}
	return i, ctx.RegisterResourceOutputs(i, pulumi.Map{})
}

// has reports whether every account has a scan.
func (args *InspectorArgs) has(scan string) pulumi.Bool {
	return pulumi.Bool(slices.Contains(args.Scans, scan))
}

// enable declares the scans of one account. Each account has a resource of its own: one that AWS refuses doesn't keep the others back,
// and a request takes 100 accounts.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html
func (args *InspectorArgs) enable(ctx *pulumi.Context, name string, id pulumi.StringInput, parent pulumi.Resource, after ...pulumi.Resource) (pulumi.Resource, error) {
	return inspector2.NewEnabler(ctx, name, &inspector2.EnablerArgs{
		AccountIds: pulumi.StringArray{id}, ResourceTypes: pulumi.ToStringArray(args.Scans),
	}, pulumi.Parent(parent), pulumi.DependsOn(after), pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "15m", Update: "15m", Delete: "15m"}))
}
