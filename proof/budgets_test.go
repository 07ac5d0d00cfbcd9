package proof

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	budgetstypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	coststypes "github.com/aws/aws-sdk-go-v2/service/costexplorer/types"

	"github.com/coldstart-aws/coldstart/organization"
)

//nolint:staticcheck // The AWS plugin writes filters and types of costs, and not what has replaced them.
func TestSameBudget(t *testing.T) {
	t.Parallel()
	for err, change := range map[string]func(*budgetstypes.Budget){
		"":                                     func(*budgetstypes.Budget) {},
		"its amount is 50.0 USD":               func(b *budgetstypes.Budget) { b.BudgetLimit.Amount = aws.String("50.0") },
		"its amount is 100.0 GB":               func(b *budgetstypes.Budget) { b.BudgetLimit.Unit = aws.String("GB") },
		"it is a DAILY budget of COST":         func(b *budgetstypes.Budget) { b.TimeUnit = budgetstypes.TimeUnitDaily },
		"it counts the accounts: 1":            func(b *budgetstypes.Budget) { b.CostFilters["LinkedAccount"] = []string{"1"} },
		"it doesn't count all costs":           func(b *budgetstypes.Budget) { b.CostFilters["Service"] = []string{"EC2"} },
		"it has other filters":                 func(b *budgetstypes.Budget) { b.FilterExpression = &budgetstypes.Expression{} },
		"it doesn't count taxes":               func(b *budgetstypes.Budget) { b.CostTypes.IncludeTax = aws.Bool(false) },
		"it counts amortized or blended costs": func(b *budgetstypes.Budget) { b.CostTypes.UseBlended = aws.Bool(true) },
	} {
		is := &budgetstypes.Budget{
			BudgetType: budgetstypes.BudgetTypeCost, TimeUnit: budgetstypes.TimeUnitMonthly, BudgetLimit: &budgetstypes.Spend{Amount: aws.String("100.0"), Unit: aws.String("USD")},
			CostFilters: map[string][]string{"LinkedAccount": {"2", "1"}}, CostTypes: &budgetstypes.CostTypes{IncludeTax: aws.Bool(true)},
		}
		change(is)
		if got := sameBudget(is, 100, []string{"1", "2"}); !errorHas(got, err) {
			t.Errorf("%v, want %q", got, err)
		}
	}
}

// A notification is described as what is declared, with AWS's words.
func TestNotifications(t *testing.T) {
	t.Parallel()
	for i, is := range []budgetstypes.Notification{
		{NotificationType: "ACTUAL", ComparisonOperator: "GREATER_THAN", Threshold: 80},
		{NotificationType: "ACTUAL", ComparisonOperator: "GREATER_THAN", Threshold: 100, ThresholdType: "PERCENTAGE"},
		{NotificationType: "FORECASTED", ComparisonOperator: "GREATER_THAN", Threshold: 100},
	} {
		if got, want := notification(is), threshold(organization.Thresholds()[i]); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	is := budgetstypes.Notification{NotificationType: "ACTUAL", ComparisonOperator: "GREATER_THAN", Threshold: 80, ThresholdType: "ABSOLUTE_VALUE"}
	if got := notification(is); got == threshold(organization.Thresholds()[0]) {
		t.Errorf("%s is taken for percents", got)
	}
}

func TestSubscribed(t *testing.T) {
	t.Parallel()
	for err, change := range map[string]func(*coststypes.AnomalySubscription){
		"":                            func(*coststypes.AnomalySubscription) {},
		"a@acme.example has declined": func(s *coststypes.AnomalySubscription) { s.Subscribers[0].Status = coststypes.SubscriberStatusDeclined },
		"the subscription tells: b@c": func(s *coststypes.AnomalySubscription) { s.Subscribers[0].Address = aws.String("b@c") },
		"has another threshold": func(s *coststypes.AnomalySubscription) {
			s.ThresholdExpression.Dimensions.Key = "ANOMALY_TOTAL_IMPACT_PERCENTAGE"
		},
		"tells of anomalies from $5 on": func(s *coststypes.AnomalySubscription) { s.ThresholdExpression.Dimensions.Values[0] = "5" },
	} {
		is := coststypes.AnomalySubscription{
			Subscribers:         []coststypes.Subscriber{{Address: aws.String("a@acme.example")}},
			ThresholdExpression: &coststypes.Expression{Dimensions: &coststypes.DimensionValues{Key: coststypes.DimensionAnomalyTotalImpactAbsolute, Values: []string{"100.0"}}},
		}
		change(&is)
		if got := subscribed(is, organization.Budgets{Notify: "a@acme.example", Anomalies: 100}); !errorHas(got, err) {
			t.Errorf("%v, want %q", got, err)
		}
	}
}
