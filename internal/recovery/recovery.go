// Package recovery finds resources that AWS has and a Pulumi state doesn't have: a run was
// killed during a creation, AWS's answer was lost, or the state itself is gone. One table
// (table.go) has a row for each type of resource:
//
//	f := &recovery.Finder{Env: env, Has: has, Say: say}
//	id, past, err := f.Find(ctx, recovery.Resource{Type: "aws:iam/role:Role", Inputs: inputs, Provider: provider}, exists)
//
// The package knows neither Pulumi's engine nor its state. To the package, a resource is its
// type, its inputs, and the inputs of its provider. A resource of a type without a row isn't
// found, which is no error. docs/adr/0016-creations-whose-answer-is-lost.md
package recovery

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
)

// Resource describes a resource by a state, by a note of a pending creation, or by a
// declaration.
type Resource struct {
	// Type is Pulumi's type token, such as aws:iam/role:Role. Name is the resource's name in
	// the stack.
	Type, Name string
	// Inputs are the resource's inputs, and Provider the inputs of its provider.
	Inputs, Provider map[string]any
}

// text returns an input that is a text; empty if there is none.
func (r Resource) text(name string) string {
	v, _ := r.Inputs[name].(string)
	return v
}

// Finder looks for resources in AWS by their inputs.
type Finder struct {
	// Env has environment variables for the AWS SDK, which override those of the process.
	Env map[string]string
	// Has reports whether the state has a resource with this id.
	Has func(id string) bool
	// Say tells the user what the Finder waits for, and what it deletes.
	Say func(format string, args ...any)
}

// Find finds out what became of a creation. exists says that AWS answered that the resource
// exists already. Then Find returns the resource only if it proves to be coldstart's own. id is
// the id that the state has to get. It is empty if AWS doesn't have the resource, if the
// program finds it by itself, or if the call that creates it can simply be made again, such as
// a call that attaches a policy to a role. past says that another run gets past the point where
// this one stopped.
func (f *Finder) Find(ctx context.Context, r Resource, exists bool) (id string, past bool, err error) {
	k := rowOf(r.Type)
	switch {
	case k.Await != nil:
		past, err = k.Await(ctx, f, r)
		return "", past, err
	case k.ByProgram:
		return "", exists, nil
	}
	if exists {
		if ours, err := f.ours(ctx, k, r); err != nil || !ours {
			return "", false, err
		}
	}
	id, err = f.taken(ctx, k, r)
	return id, exists, err
}

// taken returns the id by which the state takes over a resource. An id that follows from the
// inputs is returned without asking AWS. If AWS doesn't have the resource, the next refresh
// removes it from the state.
func (f *Finder) taken(ctx context.Context, k row, r Resource) (string, error) {
	switch {
	case k.Again:
		return "", nil
	case k.Forget != nil:
		return "", k.Forget(ctx, f, r)
	}
	return f.id(ctx, k, r)
}

// ImportID returns the id by which the provider imports a resource; empty if AWS doesn't have
// the resource, or if the program finds it by itself.
func (f *Finder) ImportID(ctx context.Context, r Resource) (string, error) {
	return f.id(ctx, rowOf(r.Type), r)
}

func (f *Finder) id(ctx context.Context, k row, r Resource) (string, error) {
	if k.ID == nil {
		return "", nil
	}
	return k.ID(ctx, f, r)
}

// Config returns a configuration that works in a provider's account, with the role that the
// provider assumes.
func (f *Finder) Config(ctx context.Context, provider map[string]any) (aws.Config, error) {
	region, _ := provider["region"].(string)
	cfg, err := awsconfig.Load(ctx, f.Env, region)
	if err != nil {
		return cfg, err
	}
	role, err := RoleOf(provider)
	if err != nil || role == "" {
		return cfg, err
	}
	return awsconfig.Assume(cfg, role, "coldstart"), nil
}

// RoleOf returns the role that a provider assumes; empty if it assumes none. A state has the
// objects among a provider's inputs as JSON text. A program has them as objects.
func RoleOf(provider map[string]any) (string, error) {
	var role struct {
		RoleARN string `json:"roleArn"`
	}
	switch assumed := provider["assumeRole"].(type) {
	case string:
		if err := json.Unmarshal([]byte(assumed), &role); err != nil {
			return "", fmt.Errorf("the provider's assumeRole: %w", err)
		}
	case map[string]any:
		role.RoleARN, _ = assumed["roleArn"].(string)
	}
	return role.RoleARN, nil
}

// AccountID returns the 12 digits of the account that a provider works in.
func (f *Finder) AccountID(ctx context.Context, provider map[string]any) (string, error) {
	cfg, err := f.Config(ctx, provider)
	if err != nil {
		return "", err
	}
	self, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return aws.ToString(self.Account), nil
}
