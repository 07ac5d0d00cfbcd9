package billing_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/billing"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

func declare(args *billing.BudgetsArgs) pulumi.RunFunc {
	return pulumitest.In("payer", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		_, err := billing.NewBudgets(ctx, "budgets", args, in)
		return err
	})
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, declare(&billing.BudgetsArgs{
			Notify: "costs@acme.example",
			Budgets: []billing.Budget{
				{Key: "total", Name: "acme-total", Amount: 5000},
				{Key: "some", Name: "acme-some", Amount: 20, AccountIDs: pulumi.ToStringArray([]string{"222222222222", "111111111111"})},
			},
			Anomalies: &billing.Anomalies{Name: "acme-anomalies", Impact: 100},
			CostTags:  []string{"Cost Center"},
			Tags:      pulumi.StringMap{"Team": pulumi.String("core")},
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		result.CheckProviders(t, "payer")
		total, some := result.Resource(t, pulumitest.Budget, "total"), result.Resource(t, pulumitest.Budget, "some")
		if total.At("limitAmount") != "5000" || len(total.At("costFilters").([]any)) != 0 || total.At("tags", "Team") != "core" {
			t.Errorf("the budget of all is %v", total.Inputs)
		}
		if diff := cmp.Diff([]any{"111111111111", "222222222222"}, some.At("costFilters", 0, "values")); diff != "" {
			t.Errorf("the accounts are\n%s", diff)
		}
		var told []any
		for _, n := range some.At("notifications").([]any) {
			n := n.(map[string]any)
			told = append(told, n["notificationType"], n["threshold"])
			if !slices.Equal(n["subscriberEmailAddresses"].([]any), []any{"costs@acme.example"}) {
				t.Errorf("AWS tells %v", n["subscriberEmailAddresses"])
			}
		}
		if diff := cmp.Diff([]any{"ACTUAL", 80.0, "ACTUAL", 100.0, "FORECASTED", 100.0}, told); diff != "" {
			t.Error(diff)
		}
		monitor, subscription := result.Resource(t, pulumitest.AnomalyMonitor, "budgets"), result.Resource(t, pulumitest.AnomalySubscription, "budgets")
		if !monitor.RetainOnDelete || monitor.ImportID != "" || !subscription.Waits(monitor) || subscription.At("thresholdExpression", "dimension", "values", 0) != "100" {
			t.Errorf("anomalies are %+v, %v", monitor, subscription.Inputs)
		}
		if tag := result.Resource(t, pulumitest.CostTag, "tag-Cost Center"); tag.At("tagKey") != "Cost Center" || tag.At("status") != "Active" {
			t.Errorf("the tag is %v", tag.Inputs)
		}
	})
}

// The monitor that the account has is taken over as it is.
func TestMonitorThatAWSHasMade(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:ce::123456789012:anomalymonitor/0"
	result := pulumitest.Run{}.Do(t, declare(&billing.BudgetsArgs{
		Notify: "costs@acme.example", Anomalies: &billing.Anomalies{Name: "acme-anomalies", MonitorARN: arn, Impact: 1},
	}))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	monitor := result.Resource(t, pulumitest.AnomalyMonitor, "budgets")
	if monitor.ImportID != arn || !slices.Equal(monitor.IgnoreChanges, []string{"name", "tags"}) {
		t.Errorf("the monitor is %+v", monitor)
	}
	if got := result.Resource(t, pulumitest.AnomalySubscription, "budgets").At("monitorArnLists", 0); got != arn {
		t.Errorf("the subscription is of %v", got)
	}
}

func TestMissingAddress(t *testing.T) {
	t.Parallel()
	if result := (pulumitest.Run{}).Do(t, declare(&billing.BudgetsArgs{})); result.Err == nil {
		t.Error("nobody hears of costs")
	}
}
