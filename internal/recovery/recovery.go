// Package recovery finds in AWS what AWS has made and a state of Pulumi's doesn't know: a
// creation was under way when a run was killed, its answer was lost, or the state itself is
// gone. One table has a row for each type of resource (table.go):
//
//	f := &recovery.Finder{Env: env, Has: has, Say: say}
//	id, past, err := f.Find(ctx, recovery.Resource{Type: "aws:iam/role:Role", Inputs: inputs, Provider: provider}, exists)
//
// The package knows neither Pulumi's engine nor its state: a resource is its type, its inputs
// and the inputs of its provider. A type without a row isn't found, and no error.
// docs/adr/0016-creations-whose-answer-is-lost.md
package recovery

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
)

// Resource is what a state, a note of a creation, or a declaration says of a resource.
type Resource struct {
	// Type is Pulumi's, such as aws:iam/role:Role; Name is the resource's name in the stack.
	Type, Name string
	// Inputs are the resource's, Provider those of its provider.
	Inputs, Provider map[string]any
}

// text returns a text among the resource's inputs.
func (r Resource) text(name string) string {
	v, _ := r.Inputs[name].(string)
	return v
}

// Finder looks for resources in AWS by what their inputs say.
type Finder struct {
	// Env are variables for the AWS SDK, in place of the process's.
	Env map[string]string
	// Has reports whether the state has a resource with the id.
	Has func(id string) bool
	// Say tells the user what is waited for, and what is deleted.
	Say func(format string, args ...any)
}

// Find says what became of a creation. The id is what the state is to have: it is empty for
// what isn't there, what the program finds by itself, and what is made by a call that may be
// made twice, such as attaching a policy to a role. Exists says that AWS answered that there
// is one already; that one is taken only if it proves to be coldstart's own. Past says that
// another run gets past what stopped this one.
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

// taken returns the id by which the state takes a resource over. Ids that follow from the
// inputs are returned unseen: the refresh that follows drops what AWS doesn't have.
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
// it, and for what the program finds by itself.
func (f *Finder) ImportID(ctx context.Context, r Resource) (string, error) {
	return f.id(ctx, rowOf(r.Type), r)
}

func (f *Finder) id(ctx context.Context, k row, r Resource) (string, error) {
	if k.ID == nil {
		return "", nil
	}
	return k.ID(ctx, f, r)
}

// Config returns a configuration that works in the account of a provider, as that provider
// does.
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

// RoleOf returns the role that a provider assumes; empty if it assumes none. A state keeps
// the objects among a provider's inputs as JSON text; a program has them as they are.
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
