package stackref

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Reference is the outputs of another stack, or unknown in a preview that comes
// before that stack's first update.
type Reference[T any] struct {
	outputs *T
}

// Read reads the outputs of another stack of this project and checks with need
// that they hold what the caller will use. Whatever is lacking is an error in an
// update and makes the reference unknown in a preview.
func Read[T any](ctx *pulumi.Context, stack string, need func(T) error) (Reference[T], error) {
	// A reference to a stack that doesn't exist fails the whole program with
	// "unknown stack", before it could say what to run: so ask first.
	outputs, err := read[T](ctx, stack)
	if err != nil {
		return Reference[T]{}, err
	}
	if outputs != nil {
		if _, err := pulumi.NewStackReference(ctx, qualified(ctx, stack), nil); err != nil {
			return Reference[T]{}, err
		}
		err = need(*outputs)
	} else {
		err = fmt.Errorf("stack %s hasn't run yet", stack)
	}
	switch {
	case err == nil:
		return Reference[T]{outputs: outputs}, nil
	case ctx.DryRun():
		return Reference[T]{}, ctx.Log.Warn(fmt.Sprintf(
			"%v, so its ids are unknown in this preview; an update needs `pulumi up --stack %s` first", err, stack), nil)
	default:
		return Reference[T]{}, fmt.Errorf("%w: run `pulumi up --stack %s` first, or `coldstart up`, which runs all stacks in order", err, stack)
	}
}

// Previous returns what this very stack exported last, or nil if it never ran to
// its end.
func Previous[T any](ctx *pulumi.Context) (*T, error) {
	return read[T](ctx, ctx.Stack())
}

// Known reports whether the outputs are known.
func (r Reference[T]) Known() bool {
	return r.outputs != nil
}

// String returns one of the outputs.
func (r Reference[T]) String(get func(T) string) pulumi.StringOutput {
	if !r.Known() {
		return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
	}
	return pulumi.String(get(*r.outputs)).ToStringOutput()
}

// read returns nil for a stack that doesn't exist or has no outputs. Outputs
// that T doesn't have are left alone, so that an older program can read a newer
// one's.
func read[T any](ctx *pulumi.Context, stack string) (*T, error) {
	args := struct {
		Name string `pulumi:"name"`
	}{qualified(ctx, stack)}
	var result struct {
		Outputs map[string]any `pulumi:"outputs"`
	}
	if err := ctx.Invoke("pulumi:pulumi:readStackOutputs", args, &result); err != nil {
		if strings.Contains(err.Error(), "unknown stack") {
			return nil, nil
		}
		return nil, fmt.Errorf("reading the outputs of stack %s: %w", stack, err)
	}
	if len(result.Outputs) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(result.Outputs)
	if err != nil {
		return nil, fmt.Errorf("outputs of stack %s: %w", stack, err)
	}
	outputs := new(T)
	if err := json.Unmarshal(raw, outputs); err != nil {
		return nil, fmt.Errorf("outputs of stack %s: %w: was it made by another program?", stack, err)
	}
	return outputs, nil
}

// qualified is the stack's name as every backend takes it.
func qualified(ctx *pulumi.Context, stack string) string {
	return ctx.Organization() + "/" + ctx.Project() + "/" + stack
}
