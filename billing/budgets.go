package billing

import (
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/costexplorer"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
)

// BudgetsType is the component's type token.
const BudgetsType = "coldstart:billing:Budgets"

// BudgetsArgs are the arguments of NewBudgets.
type BudgetsArgs struct {
	// Notify is the e-mail address that hears of budgets and anomalies. AWS asks it for no confirmation.
	Notify string `required:"true"`
	// Budgets are the budgets, each with another key and another name.
	Budgets []Budget
	// Anomalies say from when on the address hears of anomalies; nil for never.
	Anomalies *Anomalies
	// CostTags are the tags by which the bill can be split. AWS refuses a tag that billing hasn't seen on a resource yet, which takes up to a
	// day.
	CostTags []string
	Tags     pulumi.StringMapInput
}

// Budget is what some accounts may cost in a month.
type Budget struct {
	// Key names the budget in the stack, and Name in AWS, where it is unique in the account.
	Key, Name string
	// Amount is in whole US dollars.
	Amount int
	// AccountIDs are the accounts whose costs count; nil for all that the account pays for.
	AccountIDs pulumi.StringArrayInput
}

// Anomalies are costs of a service that AWS hasn't expected.
type Anomalies struct {
	// Name is the name of the subscription, and of the monitor if there is none yet.
	Name string
	// MonitorARN is the monitor of services that the account has already; empty if it has none. AWS makes one when Cost Explorer is opened
	// for the first time, and refuses a second one.
	MonitorARN string
	// Impact is from how many US dollars more than expected on the address hears of an anomaly.
	Impact int
}

// Budgets are the budgets of an organization, who hears of anomalies, and the tags by which the bill can be split.
type Budgets struct {
	pulumi.ResourceState
}

// NewBudgets declares monthly budgets of costs with the notifications of organization.Thresholds, a monitor of services with a subscription
// that sends a daily e-mail, and cost allocation tags. The component's provider is that of the account that pays. The monitor stays as it is,
// and stays when it is no longer declared: AWS has made it, and others may have subscribed to it.
// https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
// https://docs.aws.amazon.com/cost-management/latest/userguide/manage-ad.html
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html
func NewBudgets(ctx *pulumi.Context, name string, args *BudgetsArgs, opts ...pulumi.ResourceOption) (*Budgets, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	b := &Budgets{}
	if err := ctx.RegisterComponentResource(BudgetsType, name, b, opts...); err != nil {
		return nil, err
	}
	for _, budget := range args.Budgets {
		if err := args.budget(ctx, budget, b); err != nil {
			return nil, err
		}
	}
	if args.Anomalies != nil {
		if err := args.anomalies(ctx, name, b); err != nil {
			return nil, err
		}
	}
	for _, key := range args.CostTags {
		if _, err := costexplorer.NewCostAllocationTag(ctx, "tag-"+key, &costexplorer.CostAllocationTagArgs{
			TagKey: pulumi.String(key), Status: pulumi.String("Active"),
		}, pulumi.Parent(b)); err != nil {
			return nil, err
		}
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

// budget declares one budget. What it counts is declared although AWS's defaults are the same: without it, a refresh takes over what somebody
// has changed.
func (args *BudgetsArgs) budget(ctx *pulumi.Context, budget Budget, parent pulumi.Resource) error {
	notifications := budgets.BudgetNotificationArray{}
	for _, t := range organization.Thresholds() {
		kind := "ACTUAL"
		if t.Forecast {
			kind = "FORECASTED"
		}
		notifications = append(notifications, budgets.BudgetNotificationArgs{
			NotificationType:         pulumi.String(kind),
			ComparisonOperator:       pulumi.String("GREATER_THAN"),
			Threshold:                pulumi.Float64(t.Percent),
			ThresholdType:            pulumi.String("PERCENTAGE"),
			SubscriberEmailAddresses: pulumi.StringArray{pulumi.String(args.Notify)},
		})
	}
	filters := budgets.BudgetCostFilterArray{}
	if budget.AccountIDs != nil {
		filters = append(filters, budgets.BudgetCostFilterArgs{Name: pulumi.String("LinkedAccount"), Values: sorted(budget.AccountIDs)})
	}
	yes, no := pulumi.Bool(true), pulumi.Bool(false)
	_, err := budgets.NewBudget(ctx, budget.Key, &budgets.BudgetArgs{
		Name:        pulumi.String(budget.Name),
		BudgetType:  pulumi.String("COST"),
		TimeUnit:    pulumi.String("MONTHLY"),
		LimitAmount: pulumi.String(strconv.Itoa(budget.Amount)),
		LimitUnit:   pulumi.String("USD"),
		CostFilters: filters,
		CostTypes: budgets.BudgetCostTypesArgs{
			IncludeCredit: yes, IncludeDiscount: yes, IncludeOtherSubscription: yes, IncludeRecurring: yes, IncludeRefund: yes,
			IncludeSubscription: yes, IncludeSupport: yes, IncludeTax: yes, IncludeUpfront: yes, UseAmortized: no, UseBlended: no,
		},
		Notifications: notifications,
		Tags:          args.Tags,
	}, pulumi.Parent(parent))
	return err
}

// sorted sorts ids, so that an account that is renamed doesn't change their order.
func sorted(ids pulumi.StringArrayInput) pulumi.StringArrayOutput {
	return ids.ToStringArrayOutput().ApplyT(func(ids []string) []string { return slices.Sorted(slices.Values(ids)) }).(pulumi.StringArrayOutput)
}

// anomalies declares who hears of anomalies.
func (args *BudgetsArgs) anomalies(ctx *pulumi.Context, name string, parent pulumi.Resource) error {
	a := args.Anomalies
	opts := []pulumi.ResourceOption{pulumi.Parent(parent), pulumi.RetainOnDelete(true), pulumi.IgnoreChanges([]string{"name", "tags"})}
	if a.MonitorARN != "" {
		opts = append(opts, pulumi.Import(pulumi.ID(a.MonitorARN)))
	}
	monitor, err := costexplorer.NewAnomalyMonitor(ctx, name, &costexplorer.AnomalyMonitorArgs{
		Name: pulumi.String(a.Name), MonitorType: pulumi.String("DIMENSIONAL"), MonitorDimension: pulumi.String("SERVICE"), Tags: args.Tags,
	}, opts...)
	if err != nil {
		return err
	}
	_, err = costexplorer.NewAnomalySubscription(ctx, name, &costexplorer.AnomalySubscriptionArgs{
		Name:            pulumi.String(a.Name),
		Frequency:       pulumi.String("DAILY"), // A topic is told at once, e-mail isn't sent more often.
		MonitorArnLists: pulumi.StringArray{monitor.Arn},
		Subscribers: costexplorer.AnomalySubscriptionSubscriberArray{
			costexplorer.AnomalySubscriptionSubscriberArgs{Type: pulumi.String("EMAIL"), Address: pulumi.String(args.Notify)},
		},
		ThresholdExpression: costexplorer.AnomalySubscriptionThresholdExpressionArgs{
			Dimension: costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs{
				Key:          pulumi.String("ANOMALY_TOTAL_IMPACT_ABSOLUTE"),
				MatchOptions: pulumi.ToStringArray([]string{"GREATER_THAN_OR_EQUAL"}),
				Values:       pulumi.ToStringArray([]string{strconv.Itoa(a.Impact)}),
			},
		},
		Tags: args.Tags,
	}, pulumi.Parent(parent))
	return err
}
