package program_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/costs"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// budgeted is an organization with budgets of each kind, and two tags.
func budgeted(t *testing.T) *organization.Organization {
	t.Helper()
	org := declarations(t)["shipped"]
	org.Tags = map[string]string{"Team": "core", "Cost": "shared"}
	org.Budgets = organization.Budgets{
		Notify: "costs@acme.example", Total: 5000, Units: map[string]int{"workloads": 3000}, Accounts: map[string]int{"prod": 2000, "master": 100}, Anomalies: 100,
	}
	return org
}

// spends runs the master stack with what Cost Explorer has.
func (w *world) spends(t *testing.T, org *organization.Organization, preview bool, found costs.Found, err error) (*pulumitest.Result, []string) {
	t.Helper()
	var asked []string
	settings := program.Unpaced(program.Settings{Dir: t.TempDir(), AWS: program.HasCosts(func(tags []string) (costs.Found, error) {
		asked = append(asked, tags...)
		return found, err
	})})
	answers := w.answers()
	answers["pulumi:pulumi:readStackResourceOutputs"] = func(map[string]any) (map[string]any, error) { return map[string]any{"outputs": map[string]any{}}, nil }
	result := pulumitest.Run{Stack: organization.Master, Preview: preview, Answers: answers}.Do(t, program.For(org, settings))
	return result, asked
}

// costTags returns the cost allocation tags that a run declares.
func costTags(result *pulumitest.Result) (keys []any) {
	for _, r := range result.OfType(pulumitest.CostTag) {
		keys = append(keys, r.At("tagKey"))
	}
	return keys
}

func tells(result *pulumitest.Result, text string) bool {
	return slices.ContainsFunc(result.Messages, func(m string) bool { return strings.Contains(m, text) })
}

// The budgets are in the management account, with the ids of the accounts that count. Tags that billing hasn't seen are said to follow.
func TestBudgets(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		org := budgeted(t)
		const arn = "arn:aws:ce::123456789012:anomalymonitor/0"
		result, asked := nothing().spends(t, org, preview, costs.Found{MonitorARN: arn, Seen: []string{"Cost"}}, nil)
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		if diff := cmp.Diff([]string{"Cost", "Team"}, asked); diff != "" {
			t.Error(diff)
		}
		ids := map[string][]any{
			"budget-total": nil, "budget-unit-workloads": {pulumitest.AccountID("data"), pulumitest.AccountID("prod"), pulumitest.AccountID("staging")},
			"budget-account-prod": {pulumitest.AccountID("prod")}, "budget-account-master": {pulumitest.MasterID},
		}
		for key, want := range ids {
			budget := result.Resource(t, pulumitest.Budget, key)
			got := budget.At("costFilters")
			switch {
			case budget.At("name") != "acme-master-"+key || budget.Provider != organization.Master:
				t.Errorf("the budget %s is %v by %s", key, budget.At("name"), budget.Provider)
			case want == nil && len(got.([]any)) > 0:
				t.Errorf("%s counts %v", key, got)
			case want != nil && !preview:
				slices.SortFunc(want, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
				if diff := cmp.Diff(want, budget.At("costFilters", 0, "values")); diff != "" {
					t.Errorf("%s counts\n%s", key, diff)
				}
			}
		}
		if n := len(result.OfType(pulumitest.Budget)); n != len(ids) {
			t.Errorf("there are %d budgets", n)
		}
		if got := result.Resource(t, pulumitest.AnomalyMonitor, "budgets").ImportID; got != arn {
			t.Errorf("the monitor is %q", got)
		}
		if diff := cmp.Diff([]any{"Cost"}, costTags(result)); diff != "" {
			t.Error(diff)
		}
		if !tells(result, "the cost allocation tags Team follow with the first update after billing has seen them") {
			t.Errorf("it says %q", result.Messages)
		}
	})
}

// Nobody is asked for what isn't declared.
func TestBudgetsAlone(t *testing.T) {
	t.Parallel()
	org := budgeted(t)
	org.Tags, org.Budgets.Anomalies = nil, 0
	result, asked := nothing().spends(t, org, false, costs.Found{}, errors.New("asked"))
	if result.Err != nil || asked != nil || len(result.OfType(pulumitest.Budget)) != 4 || len(result.OfType(pulumitest.AnomalyMonitor)) != 0 {
		t.Errorf("%v, asked for %v", result.Err, asked)
	}
	org = budgeted(t)
	org.Budgets = organization.Budgets{}
	result, _ = nothing().spends(t, org, false, costs.Found{}, errors.New("asked"))
	if result.Err != nil || len(result.OfType(pulumitest.CostTag)) != 0 {
		t.Errorf("%v, with tags %v", result.Err, costTags(result))
	}
}

// Budgets don't wait for Cost Explorer, which only a person can open.
func TestCostExplorerIsOff(t *testing.T) {
	t.Parallel()
	result, _ := nothing().spends(t, budgeted(t), false, costs.Found{Off: true}, nil)
	if result.Err != nil || len(result.OfType(pulumitest.Budget)) != 4 || len(result.OfType(pulumitest.AnomalySubscription))+len(costTags(result)) != 0 {
		t.Fatal(result.Err)
	}
	if !tells(result, "nobody has opened AWS Cost Explorer there, so anomalies and cost allocation tags wait: sign in to the management account's console") {
		t.Errorf("it says %q", result.Messages)
	}
	result, _ = nothing().spends(t, budgeted(t), false, costs.Found{}, errors.New("no"))
	if result.Err == nil || !strings.Contains(result.Err.Error(), "asking AWS Cost Explorer what account master ("+pulumitest.MasterID+") has: no") {
		t.Errorf("the error is %v", result.Err)
	}
}

// An account that has left the organization doesn't count, and a budget without accounts isn't one of all.
func TestBudgetsOfAccountsThatHaveLeft(t *testing.T) {
	t.Parallel()
	org := budgeted(t)
	org.Tags, org.Budgets = nil, organization.Budgets{Notify: "costs@acme.example", Units: map[string]int{"workloads": 3000}, Accounts: map[string]int{"prod": 2000}}
	w := after(t, org)
	w.found = &pulumitest.Found{TrustedServices: org.TrustedServices(), PolicyTypes: []string{organization.ServiceControlPolicy}}
	w.create(t)
	w.found.Accounts = slices.DeleteFunc(w.found.Accounts, func(a pulumitest.FoundAccount) bool { return a.ID == pulumitest.AccountID("prod") })
	result := w.try(t, org, organization.Master, false)
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	all := result.OfType(pulumitest.Budget)
	if len(all) != 1 || len(all[0].At("costFilters", 0, "values").([]any)) != 2 {
		t.Errorf("the budgets are %+v", all)
	}
	if !tells(result, "the budget acme-master-budget-account-prod is left out: none of its accounts is in the organization any more") {
		t.Errorf("it says %q", result.Messages)
	}
}
