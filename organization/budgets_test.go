package organization_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// A unit's budget counts the accounts of the units below, too.
func TestDeclaredBudgets(t *testing.T) {
	t.Parallel()
	org := parse(t, file(`coldstart:tags: {Team: core, Cost: shared}
coldstart:units: {workloads: {}, inner: {parent: workloads}, other: {}}
coldstart:accounts: {audit: {}, app: {unit: inner}, prod: {unit: workloads}, lab: {unit: other}}
coldstart:budgets: {notify: costs@acme.example, total: 50, units: {workloads: 30, inner: 10}, accounts: {master: 5, prod: 20}}`))
	want := []organization.Budget{
		{Name: "acme-master-budget-total", Key: "budget-total", Amount: 50},
		{Name: "acme-master-budget-unit-inner", Key: "budget-unit-inner", Amount: 10, Accounts: []string{"app"}},
		{Name: "acme-master-budget-unit-workloads", Key: "budget-unit-workloads", Amount: 30, Accounts: []string{"app", "prod"}},
		{Name: "acme-master-budget-account-master", Key: "budget-account-master", Amount: 5, Accounts: []string{"master"}},
		{Name: "acme-master-budget-account-prod", Key: "budget-account-prod", Amount: 20, Accounts: []string{"prod"}},
	}
	if diff := cmp.Diff(want, org.DeclaredBudgets()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Cost", "Team"}, org.CostTags()); diff != "" {
		t.Error(diff)
	}
	org.Budgets = organization.Budgets{}
	if org.DeclaredBudgets() != nil || org.CostTags() != nil {
		t.Error("there are budgets, or tags of the bill, that nobody has declared")
	}
}
