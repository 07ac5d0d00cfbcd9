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
	if result == nil {
		log.Print(err) // Nothing was run.
		return
	}
	for _, s := range result.Stacks {
		var locked *automation.LockedError
		switch {
		case errors.As(s.Err, &locked):
			fmt.Println("wait for", locked.Holder, "who is at it since", locked.Since)
		case s.Status == automation.StatusFailed:
			fmt.Println(s.Stack, "failed:", s.Err)
		}
	}
	// A failed stack isn't in err, which says only whether ctx has ended.
	if err := errors.Join(err, result.Err()); err != nil {
		log.Print("run this again when what failed is mended")
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
	if err := result.Err(); err != nil {
		log.Print(err) // The stacks that failed. The others are in the result all the same.
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
	result, err := a.Up(context.Background(), stacks...)
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		log.Print(err)
	}
}

// Drift shows what others have changed in AWS. A stack that can't be looked at has failed,
// and isn't known to be as it was.
func ExampleAutomation_Drift() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	a, err := automation.New(org, automation.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := a.Drift(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range result.Stacks {
		switch {
		case s.Status == automation.StatusFailed:
			fmt.Println(s.Stack, "couldn't be looked at:", s.Err)
		case s.Changes.Changed() > 0:
			fmt.Println(s.Stack, "has drifted:", s.Changes)
		}
	}
}

// A destroy says first what it would do. What is protected fails, and is in the result.
func ExampleAutomation_Destroy() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	a, err := automation.New(org, automation.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := a.PlanDestroy(context.Background(), "staging")
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range plan {
		fmt.Println(d.Stack, d.Deleted, "are deleted, these can't be had back:", d.Lost)
	}
	result, err := a.Destroy(context.Background(), automation.DestroyOptions{}, "staging")
	if err != nil {
		log.Fatal(err) // Nothing was deleted.
	}
	var protected *automation.ProtectedError
	if errors.As(result.Err(), &protected) {
		fmt.Println(protected.Stack, "has", protected.Resources, "protected resources")
	}
}

// Results are counted over all stacks, and errors joined.
func ExampleResult_Err() {
	result := automation.Result{Operation: automation.OperationUp, Stacks: []automation.StackResult{
		{Stack: "master", Status: automation.StatusSucceeded, Changes: automation.Changes{"create": 3, "same": 1}},
		{Stack: "prod", Status: automation.StatusFailed, Err: errors.New("the zone is there already")},
	}}
	fmt.Println(result.Changes())
	fmt.Println(result.Err())
	// Output:
	// 3 create, 1 same
	// stack prod: the zone is there already
}
