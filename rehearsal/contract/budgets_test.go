package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/budgets/types"
)

// budgeting returns clients of AWS Budgets by account. The organization has one member.
func budgeting(t *testing.T) func(account string) *budgets.Client {
	t.Helper()
	front := keeping(t, &organization{accounts: []string{"111111111111"}, suspended: []string{"111111111111"}}, 1)
	return func(account string) *budgets.Client {
		return budgets.New(budgets.Options{
			Region: "us-east-1", BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		})
	}
}

// monthly returns a budget of accounts.
//
//nolint:staticcheck // The AWS plugin writes filters, and not what has replaced them.
func monthly(name, amount string, accounts ...string) *types.Budget {
	b := &types.Budget{BudgetName: &name, BudgetType: types.BudgetTypeCost, TimeUnit: types.TimeUnitMonthly, BudgetLimit: &types.Spend{Amount: &amount, Unit: aws.String("USD")}}
	if accounts != nil {
		b.CostFilters = map[string][]string{"LinkedAccount": accounts}
	}
	return b
}

// at returns a notification at a percentage of what was spent.
func at(percent float64) *types.Notification {
	return &types.Notification{
		NotificationType: types.NotificationTypeActual, ComparisonOperator: types.ComparisonOperatorGreaterThan, Threshold: percent, ThresholdType: types.ThresholdTypePercentage,
	}
}

// byEmail returns subscribers.
func byEmail(addresses ...string) (all []types.Subscriber) {
	for _, address := range addresses {
		all = append(all, types.Subscriber{SubscriptionType: types.SubscriptionTypeEmail, Address: &address})
	}
	return all
}

// A budget is given back as AWS does it, with its notifications, subscribers and tags.
//
//nolint:staticcheck // The AWS plugin reads filters and types of costs, and not what has replaced them.
func TestBudgetsAreKept(t *testing.T) {
	t.Parallel()
	c, ctx, name := budgeting(t)(managementID), t.Context(), "all"
	id := aws.String(managementID)
	_, err := c.CreateBudget(ctx, &budgets.CreateBudgetInput{
		AccountId: id, Budget: monthly(name, "5000", managementID, "111111111111"), ResourceTags: []types.ResourceTag{{Key: aws.String("Team"), Value: aws.String("core")}},
	})
	done(t, err)
	_, err = c.CreateNotification(ctx, &budgets.CreateNotificationInput{AccountId: id, BudgetName: &name, Notification: at(80), Subscribers: byEmail("a@acme.example")})
	done(t, err)

	got, err := c.DescribeBudget(ctx, &budgets.DescribeBudgetInput{AccountId: id, BudgetName: &name})
	done(t, err)
	b := got.Budget
	is(t, "the amount", aws.ToString(b.BudgetLimit.Amount), "5000.0")
	is(t, "what is counted", aws.ToBool(b.CostTypes.IncludeTax) && !aws.ToBool(b.CostTypes.UseBlended), true)
	is(t, "the accounts", strings.Join(b.CostFilters["LinkedAccount"], " "), managementID+" 111111111111")
	is(t, "the first day", b.TimePeriod.Start.Day(), 1)
	is(t, "the last year", b.TimePeriod.End.UTC().Year(), 2087)

	listed, err := c.DescribeNotificationsForBudget(ctx, &budgets.DescribeNotificationsForBudgetInput{AccountId: id, BudgetName: &name})
	done(t, err)
	is(t, "notifications", len(listed.Notifications), 1)
	is(t, "the threshold's type", listed.Notifications[0].ThresholdType, "")
	heard, err := c.DescribeSubscribersForNotification(ctx, &budgets.DescribeSubscribersForNotificationInput{AccountId: id, BudgetName: &name, Notification: &listed.Notifications[0]})
	done(t, err)
	is(t, "who hears of it", aws.ToString(heard.Subscribers[0].Address), "a@acme.example")

	_, err = c.UpdateBudget(ctx, &budgets.UpdateBudgetInput{AccountId: id, NewBudget: monthly(name, "99.5")})
	done(t, err)
	all, err := c.DescribeBudgets(ctx, &budgets.DescribeBudgetsInput{AccountId: id})
	done(t, err)
	is(t, "the new amount", aws.ToString(all.Budgets[0].BudgetLimit.Amount), "99.5")
	is(t, "filters after the update", len(all.Budgets[0].CostFilters), 0)
	_, err = c.DeleteNotification(ctx, &budgets.DeleteNotificationInput{AccountId: id, BudgetName: &name, Notification: at(80)})
	done(t, err)
	_, err = c.DescribeSubscribersForNotification(ctx, &budgets.DescribeSubscribersForNotificationInput{AccountId: id, BudgetName: &name, Notification: at(80)})
	fails[*types.NotFoundException](t, err, "the notification doesn't exist")

	arn := aws.String("arn:aws:budgets::" + managementID + ":budget/all")
	_, err = c.TagResource(ctx, &budgets.TagResourceInput{ResourceARN: arn, ResourceTags: []types.ResourceTag{{Key: aws.String("Cost"), Value: aws.String("shared")}}})
	done(t, err)
	_, err = c.UntagResource(ctx, &budgets.UntagResourceInput{ResourceARN: arn, ResourceTagKeys: []string{"Team"}})
	done(t, err)
	tags, err := c.ListTagsForResource(ctx, &budgets.ListTagsForResourceInput{ResourceARN: arn})
	done(t, err)
	is(t, "tags", fmt.Sprint(aws.ToString(tags.ResourceTags[0].Key), len(tags.ResourceTags)), "Cost1")

	_, err = c.DeleteBudget(ctx, &budgets.DeleteBudgetInput{AccountId: id, BudgetName: &name})
	done(t, err)
	_, err = c.DescribeBudget(ctx, &budgets.DescribeBudgetInput{AccountId: id, BudgetName: &name})
	fails[*types.NotFoundException](t, err, "the budget doesn't exist")
	_, err = c.DeleteBudget(ctx, &budgets.DeleteBudgetInput{AccountId: id, BudgetName: &name})
	fails[*types.NotFoundException](t, err, "the budget doesn't exist")
	_, err = c.UpdateBudget(ctx, &budgets.UpdateBudgetInput{AccountId: id, NewBudget: monthly(name, "1")})
	fails[*types.NotFoundException](t, err, "the budget doesn't exist")
	_, err = c.ListTagsForResource(ctx, &budgets.ListTagsForResourceInput{ResourceARN: arn})
	fails[*types.NotFoundException](t, err, "doesn't exist")
}

// AWS refuses what isn't a budget.
func TestBudgetsThatAreRefused(t *testing.T) {
	t.Parallel()
	client := budgeting(t)
	c, ctx := client(managementID), t.Context()
	create := func(c *budgets.Client, id string, b *types.Budget, notifications ...types.NotificationWithSubscribers) error {
		_, err := c.CreateBudget(ctx, &budgets.CreateBudgetInput{AccountId: &id, Budget: b, NotificationsWithSubscribers: notifications})
		return err
	}
	done(t, create(c, managementID, monthly("all", "1")))
	fails[*types.DuplicateRecordException](t, create(c, managementID, monthly("all", "2")), "Error creating budget: all - the budget already exists.")
	unlimited, both := monthly("x", "1"), monthly("x", "1")
	unlimited.BudgetLimit = nil
	both.PlannedBudgetLimits = map[string]types.Spend{"1": {Amount: aws.String("1"), Unit: aws.String("USD")}}
	for text, b := range map[string]*types.Budget{
		"please provide one of the followings": unlimited,
		"Only one of BudgetLimit":              both,
		"has :, \\ or /action/":                monthly("a:b", "1"),
		"222222222222 is not a linked account": monthly("x", "1", "222222222222"),
		"must satisfy":                         monthly("x", "many"),
	} {
		fails[*types.InvalidParameterException](t, create(c, managementID, b), text)
	}
	fails[*types.InvalidParameterException](t, create(client("111111111111"), "111111111111", monthly("x", "1", "111111111111")), "can't filter by linked accounts")
	fails[*types.AccessDeniedException](t, create(client("111111111111"), managementID, monthly("x", "1")), "can't be reached")

	notify := func(n *types.Notification, subscribers ...types.Subscriber) error {
		_, err := c.CreateNotification(ctx, &budgets.CreateNotificationInput{AccountId: aws.String(managementID), BudgetName: aws.String("all"), Notification: n, Subscribers: subscribers})
		return err
	}
	fails[*types.InvalidParameterException](t, notify(at(80), byEmail("nobody")...), "not an e-mail address")
	fails[*types.InvalidParameterException](t, notify(at(2_000_000), byEmail("a@acme.example")...), "at most 1000000 percent")
	fails[*types.CreationLimitExceededException](t, notify(at(80), byEmail(strings.Fields(strings.Repeat("a@acme.example ", 11))...)...), "at most 10 e-mail subscribers")
	for i := range 10 {
		done(t, notify(at(float64(i)), byEmail("a@acme.example")...))
	}
	fails[*types.DuplicateRecordException](t, notify(at(3), byEmail("a@acme.example")...), "the notification already exists")
	fails[*types.CreationLimitExceededException](t, notify(at(80), byEmail("a@acme.example")...), "at most 10 notifications")
	fails[*types.InvalidParameterException](t, create(c, managementID, monthly("x", "1"), types.NotificationWithSubscribers{Notification: at(80), Subscribers: byEmail("nobody")}), "not an e-mail address")
}
