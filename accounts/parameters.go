package accounts

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// ParametersType is the component's type token.
const ParametersType = "coldstart:accounts:Parameters"

// ParametersArgs are the arguments of NewParameters.
type ParametersArgs struct {
	// Path is the prefix of the parameters' names, /<namespace>/<account>/.
	Path string `required:"true"`
	// Values are the parameters' values by the last part of the name. None is a secret.
	Values map[string]pulumi.StringInput
	Tags   pulumi.StringMapInput
}

// Parameters are facts about an account in SSM Parameter Store, for programs that don't use Pulumi.
type Parameters struct {
	pulumi.ResourceState
}

// NewParameters declares parameters with facts about an account.
func NewParameters(ctx *pulumi.Context, name string, args *ParametersArgs, opts ...pulumi.ResourceOption) (*Parameters, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	p := &Parameters{}
	if err := ctx.RegisterComponentResource(ParametersType, name, p, opts...); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(args.Values)) {
		if _, err := ssm.NewParameter(ctx, name+"-"+key, &ssm.ParameterArgs{
			Name:          pulumi.String(args.Path + key),
			Type:          pulumi.String("String"),
			InsecureValue: args.Values[key].ToStringOutput().ToStringPtrOutput(),
			Tags:          args.Tags,
		}, pulumi.Parent(p)); err != nil {
			return nil, err
		}
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{})
}
