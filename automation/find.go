package automation

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/recovery"
)

// finder looks in AWS for what a state has, or lacks.
type finder struct {
	*recovery.Finder
	deployment *apitype.DeploymentV3
}

func newFinder(env map[string]string, d *apitype.DeploymentV3, say func(format string, args ...any)) *finder {
	has := func(id string) bool {
		return slices.ContainsFunc(d.Resources, func(r apitype.ResourceV3) bool { return string(r.ID) == id })
	}
	return &finder{&recovery.Finder{Env: env, Has: has, Say: say}, d}
}

// input returns a text among a resource's inputs.
func input(r apitype.ResourceV3, name string) string {
	v, _ := r.Inputs[name].(string)
	return v
}

// sought returns a resource of the state as recovery knows one.
func (f *finder) sought(r apitype.ResourceV3) recovery.Resource {
	return recovery.Resource{Type: string(r.Type), Name: r.URN.Name(), Inputs: r.Inputs, Provider: f.provider(r)}
}

// client returns a configuration that works in the account of the resource's
// provider, as that provider does.
func (f *finder) client(ctx context.Context, r apitype.ResourceV3) (aws.Config, error) {
	return f.Config(ctx, f.provider(r))
}

// provider returns the inputs of the resource's provider.
func (f *finder) provider(r apitype.ResourceV3) map[string]any {
	// A reference to a provider is its URN, :: and its id.
	urn := r.Provider[:max(strings.LastIndex(r.Provider, "::"), 0)]
	for _, p := range f.deployment.Resources {
		if string(p.URN) == urn {
			return p.Inputs
		}
	}
	return nil
}
