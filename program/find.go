package program

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// Declared is a resource of AWS's that a stack declares.
type Declared struct {
	// Type is Pulumi's, such as aws:iam/role:Role; Name is the resource's name in the stack.
	Type, Name string
	// Inputs are the resource's, Provider those of its provider.
	Inputs, Provider map[string]any
}

// Find returns the id by which Pulumi imports a resource; empty if AWS doesn't have it.
type Find func(context.Context, Declared) (id string, err error)

// Recovering is among the properties that a resource ignores which was imported to rebuild
// a state, until the state is told what is declared about it. No resource has it.
const Recovering = "coldstart:recovering"

// importAll has every resource of AWS's that the stack declares imported as AWS has it.
func importAll(ctx *pulumi.Context, find Find) error {
	var mu sync.Mutex
	providers := map[string]pulumi.Map{}
	return ctx.RegisterResourceTransform(func(run context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
		switch {
		case args.Type == providerType:
			mu.Lock()
			defer mu.Unlock()
			providers[args.Name] = args.Props
			return nil
		case !args.Custom || !strings.HasPrefix(args.Type, "aws:") || args.Opts.Provider == nil:
			return nil
		}
		opts, props := args.Opts, readBack(args)
		// Else the engine would change what it has imported.
		opts.IgnoreChanges = append(slices.DeleteFunc(slices.Sorted(maps.Keys(props)), func(key string) bool { return key == as[args.Type] }), Recovering)
		if opts.Import == nil {
			provider := opts.Provider.URN().ApplyT(func(urn pulumi.URN) pulumi.MapOutput {
				mu.Lock()
				defer mu.Unlock()
				return providers[resource.URN(urn).Name()].ToMapOutput()
			})
			opts.Import = pulumi.All(args.Props, provider).ApplyT(func(v []any) (pulumi.ID, error) {
				inputs, _ := v[0].(map[string]any)
				in, _ := v[1].(map[string]any)
				id, err := find(run, Declared{Type: args.Type, Name: args.Name, Inputs: inputs, Provider: in})
				return pulumi.ID(id), err
			}).(pulumi.IDOutput)
		}
		return &pulumi.ResourceTransformResult{Props: props, Opts: opts}
	})
}

// readBack returns a resource's properties under the names by which the provider reads
// them: it knows a parameter's value as one that may be a secret.
func readBack(args *pulumi.ResourceTransformArgs) pulumi.Map {
	if args.Type != awstype.SSMParameter {
		return args.Props
	}
	props := maps.Clone(args.Props)
	props["value"] = props["insecureValue"]
	delete(props, "insecureValue")
	return props
}

// as are properties that the provider reads without what it demands, and compares as it should.
var as = map[string]string{awstype.IAMOpenIDConnectProvider: "url"}

const providerType = "pulumi:providers:aws"
