package security

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// ConformancePackType is the component's type token.
const ConformancePackType = "coldstart:security:ConformancePack"

// ConformancePackArgs are the arguments of NewConformancePack.
type ConformancePackArgs struct {
	// Name is the pack's name in AWS.
	Name string `required:"true"`
	// Template is the text of the pack's template, and Parameters are the values of its parameters by name.
	Template   string
	Parameters map[string]string
	// Excluded are the ids of the accounts that don't get the pack.
	Excluded []pulumi.StringInput
	// Others are the regions besides the component's that get the pack, too.
	Others []Region
	// After are the recorders of the account that deploys the pack. Those of all other accounts have to be on before, too.
	After []pulumi.Resource
}

// ConformancePack is a conformance pack of AWS Config in all accounts of the organization, those to come included.
type ConformancePack struct {
	pulumi.ResourceState
}

// NewConformancePack declares a conformance pack in each region. The component's own provider is that of an account that administers
// config-multiaccountsetup.amazonaws.com for the organization. AWS deploys a pack to one account after the other.
// https://docs.aws.amazon.com/config/latest/developerguide/conformance-pack-organization-apis.html
func NewConformancePack(ctx *pulumi.Context, name string, args *ConformancePackArgs, opts ...pulumi.ResourceOption) (*ConformancePack, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	c := &ConformancePack{}
	if err := ctx.RegisterComponentResource(ConformancePackType, name, c, opts...); err != nil {
		return nil, err
	}
	if err := args.deploy(ctx, name, pulumi.Parent(c)); err != nil {
		return nil, err
	}
	for _, r := range args.Others {
		if err := args.deploy(ctx, name+"-"+r.Name, pulumi.Parent(c), pulumi.Provider(r.Provider)); err != nil {
			return nil, err
		}
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

// deploy declares the pack of a region. AWS needs about a minute for an account, and gives no number.
func (args *ConformancePackArgs) deploy(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) error {
	var parameters cfg.OrganizationConformancePackInputParameterArray
	for _, key := range slices.Sorted(maps.Keys(args.Parameters)) {
		parameters = append(parameters, cfg.OrganizationConformancePackInputParameterArgs{
			ParameterName: pulumi.String(key), ParameterValue: pulumi.String(args.Parameters[key]),
		})
	}
	_, err := cfg.NewOrganizationConformancePack(ctx, name, &cfg.OrganizationConformancePackArgs{
		Name: pulumi.String(args.Name), TemplateBody: pulumi.String(args.Template), InputParameters: parameters, ExcludedAccounts: pulumi.StringArray(args.Excluded),
	}, append(opts, pulumi.DependsOn(args.After), pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "60m", Update: "60m", Delete: "60m"}))...)
	return err
}
