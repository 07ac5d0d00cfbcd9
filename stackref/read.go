package stackref

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Reference is the outputs of another stack. In a preview that comes before that
// stack's update some outputs are missing, or all of them: those are unknown.
type Reference[T any] struct {
	outputs *T
	// lacking says that an output is missing that is needed.
	lacking bool
}

// Read reads the outputs of another stack of this project and checks with need
// that they hold what the caller will use. A missing output is an error in an
// update. In a preview it is unknown, and the others are what they are: one account
// that isn't there yet must not make everything look changed that reads another's.
func Read[T any](ctx *pulumi.Context, live *Live, stack string, need func(T) error) (Reference[T], error) {
	// A reference to a stack that doesn't exist fails the whole program with
	// "unknown stack", before it could say what to run: so ask first.
	raw, err := live.Outputs(stack), error(nil)
	if raw == nil {
		raw, err = read(ctx, stack)
	}
	if err != nil {
		return Reference[T]{}, err
	}
	outputs, err := Decode[T](stack, raw)
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
		return Reference[T]{outputs: outputs, lacking: true}, ctx.Log.Info(fmt.Sprintf(
			"%v, so its ids are unknown in this preview; an update needs `pulumi up --stack %s` first", err, stack), nil)
	default:
		return Reference[T]{}, fmt.Errorf("%w: run `pulumi up --stack %s` first, or `coldstart up`, which runs all stacks in order", err, stack)
	}
}

// Previous returns what this very stack exported last, or nil if it never ran to
// its end.
func Previous[T any](ctx *pulumi.Context) (*T, error) {
	raw, err := read(ctx, ctx.Stack())
	if err != nil {
		return nil, err
	}
	return Decode[T](ctx.Stack(), raw)
}

// Ran reports whether a stack has ever run to its end, and hasn't been destroyed since.
func Ran(ctx *pulumi.Context, stack string) (bool, error) {
	outputs, err := read(ctx, stack)
	return len(outputs) > 0, err
}

// Empty reports whether the state of this very stack has no resource of AWS's.
func Empty(ctx *pulumi.Context) (bool, error) {
	args := struct {
		Name string `pulumi:"stackName"`
	}{qualified(ctx, ctx.Stack())}
	var result struct {
		Outputs map[string]any `pulumi:"outputs"`
	}
	err := reread(func() error { return ctx.Invoke("pulumi:pulumi:readStackResourceOutputs", args, &result) })
	if err != nil && !strings.Contains(err.Error(), someSecret) {
		return false, fmt.Errorf("reading the resources of stack %s: %w", ctx.Stack(), err)
	}
	for urn := range result.Outputs {
		if strings.HasPrefix(string(resource.URN(urn).Type()), "aws:") {
			return false, nil
		}
	}
	return true, nil
}

// someSecret is what the SDK says after it has returned outputs of which one is secret.
const someSecret = "unexpected secret result"

// Known reports whether all outputs that are needed are known.
func (r Reference[T]) Known() bool {
	return r.outputs != nil && !r.lacking
}

// String returns one of the outputs, which get takes out as it is: an empty one is
// unknown where outputs are missing.
func (r Reference[T]) String(get func(T) string) pulumi.StringOutput {
	value := ""
	if r.outputs != nil {
		value = get(*r.outputs)
	}
	if value == "" && !r.Known() {
		return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
	}
	return pulumi.String(value).ToStringOutput()
}

// Strings returns one of the outputs that is a list; nil where outputs are missing and
// this is one of them.
func (r Reference[T]) Strings(get func(T) []string) pulumi.StringArrayInput {
	var values []string
	if r.outputs != nil {
		values = get(*r.outputs)
	}
	if len(values) == 0 && !r.Known() {
		return nil
	}
	return pulumi.ToStringArray(values)
}

// A folder as a backend is read while another process, or the engine itself, writes
// a file there: for a moment the file is empty, and reading it ends too early.
const (
	halfWritten = "EOF"
	rereads     = 20
	rereadPause = 250 * time.Millisecond
)

// read returns a stack's outputs from the backend, and nil for a stack that
// doesn't exist.
func read(ctx *pulumi.Context, stack string) (map[string]any, error) {
	args := struct {
		Name string `pulumi:"name"`
	}{qualified(ctx, stack)}
	var result struct {
		Outputs map[string]any `pulumi:"outputs"`
	}
	err := reread(func() error { return ctx.Invoke("pulumi:pulumi:readStackOutputs", args, &result) })
	if err != nil {
		if strings.Contains(err.Error(), "unknown stack") {
			return nil, nil
		}
		return nil, fmt.Errorf("reading the outputs of stack %s: %w", stack, err)
	}
	return result.Outputs, nil
}

// reread calls what reads a backend until no file there is half-written.
func reread(read func() error) error {
	err := read()
	for range rereads {
		if err == nil || !strings.Contains(err.Error(), halfWritten) {
			break
		}
		time.Sleep(rereadPause)
		err = read()
	}
	return err
}

// Decode returns a stack's outputs as their type, and nil for none. Those that T
// doesn't have are left alone, so that an older program can read a newer one's.
func Decode[T any](stack string, raw map[string]any) (*T, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	content, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("outputs of stack %s: %w", stack, err)
	}
	outputs := new(T)
	if err := json.Unmarshal(content, outputs); err != nil {
		return nil, fmt.Errorf("outputs of stack %s: %w: was it made by another program?", stack, err)
	}
	return outputs, nil
}

// qualified is the stack's name as every backend takes it.
func qualified(ctx *pulumi.Context, stack string) string {
	return ctx.Organization() + "/" + ctx.Project() + "/" + stack
}
