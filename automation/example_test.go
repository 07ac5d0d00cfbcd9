package automation_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/organization"
)

// A program brings an organization up as `coldstart up` does. Ctrl-C lets Pulumi
// end what is under way, and releases the locks.
func ExampleAutomation_Up() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	a, err := automation.New(org, automation.Options{
		Dir:             ".",
		Backend:         "s3://acme-master-state-111111111111?region=us-west-2",
		SecretsProvider: "awskms:///alias/acme-master-state?region=us-west-2",
		OnEvent: func(e automation.Event) {
			if e.Kind == automation.EventStackFinished {
				fmt.Println(e.Stack, e.Result.Status, e.Result.Changes)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	result, err := a.Up(ctx)
	if err != nil {
		log.Print(err)
		return
	}
	for _, s := range result.Stacks {
		var locked *automation.LockedError
		if errors.As(s.Err, &locked) {
			fmt.Println("wait for", locked.Holder, "who is at it since", locked.Since)
		}
	}
}

// A preview shows what each step would change. Nothing secret is in it.
func ExampleAutomation_Preview() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	a, err := automation.New(org, automation.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := a.Preview(context.Background(), "prod")
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range result.Stacks {
		for _, step := range s.Steps {
			fmt.Println(step.Operation, step.Type, step.Name)
			for _, d := range step.Diff {
				fmt.Println(" ", d.Kind, d.Path, d.Old, "→", d.New)
			}
		}
	}
}

// Two stacks of a declaration, and what they depend on.
func ExampleAutomation_WithDependencies() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	a, err := automation.New(org, automation.Options{})
	if err != nil {
		log.Fatal(err)
	}
	stacks, err := a.WithDependencies("prod", "staging")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := a.Up(context.Background(), stacks...); err != nil {
		log.Print(err)
	}
}
