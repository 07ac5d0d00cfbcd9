package automation

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// outputs returns the stack's outputs, secret ones masked. They are read where they are
// kept, if that can be: Pulumi takes two processes for them.
func (s *stack) outputs(ctx context.Context) (map[string]any, error) {
	if kept, err := s.asKept(ctx, s.a.options.Env); err == nil {
		return outputsIn(kept), nil
	}
	ws, err := s.a.workspace(ctx, s.a.options.Dir, s.a.options.Env, nil)
	if err != nil {
		return nil, err
	}
	values, err := ws.LocalWorkspace.StackOutputs(ctx, s.name)
	if err != nil {
		return nil, fmt.Errorf("outputs of stack %s: %w", s.name, summarize(err))
	}
	outputs := map[string]any{}
	for name, v := range values {
		outputs[name] = v.Value
		if v.Secret {
			outputs[name] = Secret
		}
	}
	return outputs, nil
}

// outputsIn returns the outputs that are in a stack's state, secret ones masked.
func outputsIn(d *apitype.DeploymentV3) map[string]any {
	outputs := map[string]any{}
	for _, r := range d.Resources {
		if r.Type == resource.RootStackType {
			for name, value := range r.Outputs {
				outputs[name] = mask(value)
			}
		}
	}
	return outputs
}

// mask masks the secrets in a value of a state.
func mask(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if isSecret(v) {
			return Secret
		}
		m := make(map[string]any, len(v))
		for name, inner := range v {
			m[name] = mask(inner)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, inner := range v {
			l[i] = mask(inner)
		}
		return l
	default:
		return value
	}
}
