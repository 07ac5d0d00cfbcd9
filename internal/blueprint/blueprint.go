package blueprint

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// nowhere stands for an emulator. A program that isn't about to change anything in AWS has to be told so:
// it would build images, and create accounts no faster than AWS does.
const nowhere = "http://blueprint.invalid"

// atOnce is how many of AWS's seconds pass in one, so that a program waits for nothing: nobody is there to get ready.
const atOnce = 1e9

// Draw runs the programs of all stacks, each after those whose outputs it reads.
func Draw(ctx context.Context, org *organization.Organization) (*inventory.Inventory, error) {
	dir, err := os.MkdirTemp("", "coldstart-blueprint-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &inventory.Inventory{Accounts: map[string]string{}}
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
	run := program.For(&drawn, program.Settings{Emulator: nowhere, Pace: atOnce, Dir: dir, Live: live}) //nolint:contextcheck // It gets the one that it is run with.
	for _, stack := range org.Stacks() {
		found, err := record(ctx, b.Accounts, stack.Name, run, live)
		if err != nil {
			return nil, fmt.Errorf("drawing stack %s: %w", stack.Name, err)
		}
		b.Resources = append(b.Resources, found...)
	}
	b.Resources = append(b.Resources, reserved(b.Resources)...)
	return b, nil
}

// Documents returns the IAM documents that the declaration of an organization amounts to. It draws the stacks of all
// accounts: a question about one of them may be about a resource of any other.
func Documents(ctx context.Context, org *organization.Organization) (*permissions.Documents, error) {
	drawn, err := Draw(ctx, org)
	if err != nil {
		return nil, err
	}
	return permissions.Read(org, drawn)
}

// record runs the program of a stack and returns what it has registered.
func record(ctx context.Context, accounts map[string]string, stack string, run pulumi.RunFunc, live *stackref.Live) ([]inventory.Resource, error) {
	r := &recorder{accounts: accounts, live: live, providers: map[string]place{}}
	pulumiContext, err := pulumi.NewContext(ctx, pulumi.RunInfo{Organization: "organization", Project: program.Project, Stack: stack, Mocks: r})
	if err != nil {
		return nil, err
	}
	defer func() { _ = pulumiContext.Close() }() // There is no connection to close.
	if err := pulumi.RunWithContext(pulumiContext, run); err != nil {
		return nil, err
	}
	// A program registers what doesn't depend on one another in any order.
	slices.SortFunc(r.resources, func(a, b inventory.Resource) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
	})
	return r.resources, nil
}
