package organization_test

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// A declaration in Go, with a guardrail of its own and two mistakes.
func ExampleOrganization_Validate() {
	org := organization.Defaults()
	org.Namespace, org.Domain, org.Region, org.Email = "acme", "acme.example", "us-west-2", "aws+%s@acme.example"
	org.Accounts["Prod"] = organization.Account{}
	org.Guardrails.Policies["no-marketplace"] = []policy.Statement{{
		Effect: policy.Deny, Action: policy.List{"aws-marketplace:Subscribe"}, Resource: policy.List{"*"},
	}}
	for _, p := range organization.ProblemsOf(org.Validate()) {
		fmt.Printf("%s: %s; %s\n", p.Key, p.Text, p.Remedy)
	}
	// Output:
	// coldstart:accounts.Prod: "Prod" is not an account's name; write lower-case letters, digits and single inner hyphens
	// coldstart:audit.account: the account "audit" that logs go to isn't declared; declare it under coldstart:accounts, name another, or write `coldstart:audit: none`
}
