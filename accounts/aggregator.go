package accounts

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// AggregatorType is the component's type token.
const AggregatorType = "coldstart:accounts:Aggregator"

// AggregatorArgs are the arguments of NewAggregator.
type AggregatorArgs struct {
	// Name is the aggregator's name, and its role's.
	Name string `required:"true"`
	// AccountID is the account that the aggregator is in.
	AccountID pulumi.StringInput `required:"true"`
	// Regions are those whose resources it shows.
	Regions []string `required:"true"`
	// Trusted is the organization that has to trust AWS Config first; nil if another stack declares the organization.
	Trusted *Organization
	Tags    pulumi.StringMapInput
}

// Aggregator shows the resources that AWS Config has recorded in all accounts of the organization.
type Aggregator struct {
	pulumi.ResourceState
}

// NewAggregator declares an aggregator of AWS Config for the organization, in the management account or in the service's delegated
// administrator, and the role by which AWS Config learns of accounts.
// https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html
func NewAggregator(ctx *pulumi.Context, name string, args *AggregatorArgs, opts ...pulumi.ResourceOption) (*Aggregator, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	a := &Aggregator{}
	if err := ctx.RegisterComponentResource(AggregatorType, name, a, opts...); err != nil {
		return nil, err
	}
	role, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:             pulumi.String(args.Name),
		Description:      pulumi.String("Tells AWS Config of the organization's accounts and changes nothing"),
		AssumeRolePolicy: trustOfConfig(args.AccountID),
		Tags:             args.Tags,
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	rights, err := iam.NewRolePolicyAttachment(ctx, name, &iam.RolePolicyAttachmentArgs{
		Role: role.Name, PolicyArn: pulumi.String("arn:aws:iam::aws:policy/service-role/AWSConfigRoleForOrganizations"),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	after := []pulumi.Resource{rights}
	if args.Trusted != nil {
		after = append(after, args.Trusted.organization)
	}
	_, err = cfg.NewConfigurationAggregator(ctx, name, &cfg.ConfigurationAggregatorArgs{
		Name: pulumi.String(args.Name),
		OrganizationAggregationSource: cfg.ConfigurationAggregatorOrganizationAggregationSourceArgs{
			RoleArn: role.Arn, Regions: pulumi.ToStringArray(args.Regions),
		},
		Tags: args.Tags,
	}, pulumi.Parent(a), pulumi.DependsOn(after))
	if err != nil {
		return nil, err
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{})
}

// trustOfConfig lets AWS Config of one account assume a role.
// https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html
func trustOfConfig(accountID pulumi.StringInput) pulumi.StringOutput {
	return output.Policy(func(v []string) policy.Document {
		return policy.Document{Statements: []policy.Statement{{
			Sid: "Config", Effect: policy.Allow, Action: policy.List{"sts:AssumeRole"},
			Principal: &policy.Principal{Service: policy.List{organization.ConfigService}},
			Condition: policy.Condition{"StringEquals": {"aws:SourceAccount": {v[0]}}},
		}}}
	}, accountID)
}
