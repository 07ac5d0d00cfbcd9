// Command outside embeds coldstart from another module, with names of public packages only.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/doctor"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// deploys are statements that the program keeps to itself, as any library would.
type deploys struct {
	statements []policy.Statement
	condition  policy.Condition
}

func (d deploys) role() organization.Role {
	for i := range d.statements {
		d.statements[i].Condition = d.condition
	}
	return organization.Role{Statements: d.statements, Boundary: []policy.Statement{{
		Effect: policy.Allow, NotAction: policy.List{"iam:*"}, Resource: policy.List{"*"},
	}}}
}

func declare() (*organization.Organization, error) {
	org := organization.Defaults()
	org.Namespace, org.Domain, org.Region, org.Email = "acme", "acme.example", "us-west-2", "aws+%s@acme.example"
	org.Accounts["audit"], org.Accounts["prod"] = organization.Account{}, organization.Account{}
	org.Access.Roles["deploy"] = deploys{
		[]policy.Statement{{Effect: policy.Allow, Action: policy.List{"ecs:UpdateService"}, Resource: policy.List{"*"}}},
		policy.Condition{"StringEquals": {"aws:RequestedRegion": {"us-west-2"}}},
	}.role()
	guardrail, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"aws-marketplace:Subscribe","Resource":"*"}}`)
	if err != nil {
		return nil, err
	}
	org.Guardrails.Policies["no-marketplace"] = guardrail.Statements
	return org, org.Validate()
}

func show(result *automation.Result) {
	for _, s := range result.Stacks {
		var failed *automation.StackError
		var locked *automation.LockedError
		var unusable *automation.UnusableError
		fmt.Println(s.Stack, s.Status, s.Changes, errors.As(s.Err, &failed), errors.As(s.Err, &locked), errors.As(s.Err, &unusable))
		for _, effect := range s.Effects() {
			var weight automation.Weight = effect.Weight
			fmt.Println(weight == automation.EffectFinal, effect.Says, effect.Step.Diff)
		}
	}
}

func run(ctx context.Context) error {
	org, err := declare()
	for _, p := range organization.ProblemsOf(err) {
		fmt.Println(p.Key, p.Text, p.Remedy)
	}
	if err != nil {
		return err
	}
	for _, f := range doctor.Examine(ctx, org, doctor.Options{}) {
		fmt.Println(f.Topic, f.Check, f.Status == doctor.Failure, f.Remedy)
	}
	options := automation.Options{Backend: "file://state", OnEvent: func(e automation.Event) { fmt.Println(e.Kind, e.Stack, e.Resource) }}
	a, err := automation.New(org, options)
	if err != nil {
		return err
	}
	for _, operation := range []func(context.Context, ...string) (*automation.Result, error){a.Preview, a.Up, a.Refresh, a.Drift} {
		result, err := operation(ctx)
		if err != nil {
			return err
		}
		show(result)
		if err := result.Err(); err != nil {
			return err
		}
	}
	var master *stackref.Master
	master, err = a.Master(ctx)
	fmt.Println(master, program.For(org, program.Settings{}) != nil)
	return err
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
