package blueprint

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// Blueprint is what an organization's stacks declare.
type Blueprint struct {
	// Accounts are the accounts' ids by their names.
	Accounts  map[string]string
	Resources []Resource
}

// Resource is a resource of AWS's that a stack declares.
type Resource struct {
	// Type is the type's token, of package awstype, and Name the logical name.
	Type, Name string
	// Account is the id of the account that the resource is made in, and Region the region of its
	// provider.
	Account, Region string
	ID, ARN         string
	// Inputs are the resource's inputs as plain Go values.
	Inputs map[string]any
}

// Text returns an input that is a text; empty if there is none.
func (r Resource) Text(name string) string {
	v, _ := r.Inputs[name].(string)
	return v
}

// Texts returns an input that is a list of texts.
func (r Resource) Texts(name string) []string {
	list, _ := r.Inputs[name].([]any)
	var texts []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// nowhere stands for an emulator. A program that isn't about to change anything in AWS has to be told so:
// it would build images, and create accounts no faster than AWS does.
const nowhere = "http://blueprint.invalid"

// Draw runs the programs of all stacks, each after those whose outputs it reads.
func Draw(ctx context.Context, org *organization.Organization) (*Blueprint, error) {
	dir, err := os.MkdirTemp("", "coldstart-blueprint-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &Blueprint{Accounts: map[string]string{}}
	b.Accounts[organization.Master] = accountID(organization.Master)
	// Accounts that are to be adopted have their ids, and are drawn as new ones.
	drawn := *org
	drawn.Accounts = maps.Clone(org.Accounts)
	for name, account := range org.Accounts {
		b.Accounts[name] = cmp.Or(account.ID, accountID(name))
		account.ID = ""
		drawn.Accounts[name] = account
	}
	live := stackref.NewLive()
	run := program.For(&drawn, program.Settings{Emulator: nowhere, Dir: dir, Live: live}) //nolint:contextcheck // It gets the one that it is run with.
	for _, stack := range org.Stacks() {
		found, err := b.record(ctx, stack.Name, run, live)
		if err != nil {
			return nil, fmt.Errorf("drawing stack %s: %w", stack.Name, err)
		}
		b.Resources = append(b.Resources, found...)
	}
	return b, nil
}

// NameOf returns the name of the account with an id; empty if it is none of the organization's.
func (b *Blueprint) NameOf(id string) string {
	for name, other := range b.Accounts {
		if other == id {
			return name
		}
	}
	return ""
}

// record runs the program of a stack and returns what it has registered.
func (b *Blueprint) record(ctx context.Context, stack string, run pulumi.RunFunc, live *stackref.Live) ([]Resource, error) {
	r := &recorder{accounts: b.Accounts, live: live, providers: map[string]place{}}
	pulumiContext, err := pulumi.NewContext(ctx, pulumi.RunInfo{Organization: "organization", Project: program.Project, Stack: stack, Mocks: r})
	if err != nil {
		return nil, err
	}
	defer func() { _ = pulumiContext.Close() }() // There is no connection to close.
	if err := pulumi.RunWithContext(pulumiContext, run); err != nil {
		return nil, err
	}
	// A program registers what doesn't depend on one another in any order.
	slices.SortFunc(r.resources, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
	})
	return r.resources, nil
}
