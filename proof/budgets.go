package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	budgetstypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	coststypes "github.com/aws/aws-sdk-go-v2/service/costexplorer/types"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/costs"
	"github.com/coldstart-aws/coldstart/organization"
)

// proveBudgets proves who hears of costs, in the management account. Tags that billing hasn't seen aren't proved; unbilled names them.
func (p *prover) proveBudgets(ctx context.Context, a *account) {
	declared := p.org.Budgets
	if a != p.master() || declared.Notify == "" {
		return
	}
	for _, b := range p.org.DeclaredBudgets() {
		a.claim(SubjectSettings, fmt.Sprintf("budget %s tells %s of costs over $%d a month", b.Name, declared.Notify, b.Amount), func() error { return p.checkBudget(ctx, a, b) })
	}
	if declared.Anomalies > 0 {
		a.claim(SubjectSettings, fmt.Sprintf("%s hears of anomalies of $%d and more", declared.Notify, declared.Anomalies), func() error { return p.checkAnomalies(ctx, a) })
	}
	for _, tag := range p.org.CostTags() {
		if !slices.Contains(p.unseen(), tag) {
			a.claim(SubjectSettings, "the bill can be split by the tag "+tag, func() error { return p.checkCostTag(ctx, a, tag) })
		}
	}
}

// findCosts asks what Cost Explorer has.
func (p *prover) findCosts(ctx context.Context) (costs.Found, error) {
	if err := p.master().unreachable; err != nil {
		return costs.Found{}, err
	}
	return costs.Find(ctx, p.master().cfg, p.org.CostTags())
}

// unseen returns the cost allocation tags that billing hasn't seen; none if that isn't known.
func (p *prover) unseen() []string {
	tags := p.org.CostTags()
	if len(tags) == 0 {
		return nil
	}
	found, err := p.costs()
	if err != nil || found.Off {
		return nil
	}
	return slices.DeleteFunc(tags, func(tag string) bool { return slices.Contains(found.Seen, tag) })
}

// unbilled says which tags aren't proved, since billing hasn't seen them.
func (p *prover) unbilled() string {
	later := p.unseen()
	if len(later) == 0 {
		return ""
	}
	return fmt.Sprintf("whether the bill can be split by %s: billing hasn't seen the tags yet, which takes up to a day", strings.Join(later, ", "))
}

// opened returns what the account has of Cost Explorer, which somebody has to have opened.
func (p *prover) opened() (costs.Found, error) {
	found, err := p.costs()
	if err == nil && found.Off {
		err = remedied(errors.New("nobody has opened AWS Cost Explorer"), "%s, and run `coldstart up` a day after that", awserror.OpenCostExplorer)
	}
	return found, err
}

func (p *prover) checkBudget(ctx context.Context, a *account, want organization.Budget) error {
	client := budgets.NewFromConfig(a.cfg)
	out, err := client.DescribeBudget(ctx, &budgets.DescribeBudgetInput{AccountId: &a.id, BudgetName: &want.Name})
	if err != nil {
		return err
	}
	var ids []string
	for _, name := range want.Accounts {
		if id, err := p.accountID(name); err == nil { // Else the proofs of the account say that it isn't there.
			ids = append(ids, id)
		}
	}
	if err := sameBudget(out.Budget, want.Amount, ids); err != nil {
		return err
	}
	return p.checkNotifications(ctx, client, a, want.Name)
}

// sameBudget checks that a budget is of all costs of accounts in a month; nil for all accounts.
func sameBudget(is *budgetstypes.Budget, amount int, ids []string) error {
	filters := maps.Clone(is.CostFilters) //nolint:staticcheck // The AWS plugin writes it, and not what has replaced it.
	counted := slices.Sorted(slices.Values(filters["LinkedAccount"]))
	delete(filters, "LinkedAccount")
	limit, err := strconv.ParseFloat(aws.ToString(is.BudgetLimit.Amount), 64)
	switch {
	case err != nil || limit != float64(amount) || aws.ToString(is.BudgetLimit.Unit) != "USD":
		return fmt.Errorf("its amount is %s %s", aws.ToString(is.BudgetLimit.Amount), aws.ToString(is.BudgetLimit.Unit))
	case is.BudgetType != budgetstypes.BudgetTypeCost || is.TimeUnit != budgetstypes.TimeUnitMonthly:
		return fmt.Errorf("it is a %s budget of %s", is.TimeUnit, is.BudgetType)
	case !slices.Equal(counted, slices.Sorted(slices.Values(ids))):
		return fmt.Errorf("it counts the accounts: %s", listed(counted))
	case len(filters) > 0 || is.FilterExpression != nil:
		return errors.New("it doesn't count all costs of its accounts: it has other filters")
	}
	return countsAll(is.CostTypes) //nolint:staticcheck // The AWS plugin writes it, and not what has replaced it.
}

// countsAll checks that a budget counts what the bill has.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CostTypes.html
func countsAll(is *budgetstypes.CostTypes) error {
	if is == nil {
		return nil // These are AWS's defaults.
	}
	for name, counted := range map[string]*bool{
		"credits": is.IncludeCredit, "discounts": is.IncludeDiscount, "other subscriptions": is.IncludeOtherSubscription, "recurring fees": is.IncludeRecurring,
		"refunds": is.IncludeRefund, "subscriptions": is.IncludeSubscription, "support": is.IncludeSupport, "taxes": is.IncludeTax, "upfront fees": is.IncludeUpfront,
	} {
		if counted != nil && !*counted {
			return fmt.Errorf("it doesn't count %s", name)
		}
	}
	if aws.ToBool(is.UseAmortized) || aws.ToBool(is.UseBlended) {
		return errors.New("it counts amortized or blended costs, which aren't those of the bill")
	}
	return nil
}

// checkNotifications checks that a budget has the notifications of organization.Thresholds, and that each reaches the address alone.
func (p *prover) checkNotifications(ctx context.Context, client *budgets.Client, a *account, name string) error {
	var missing []string
	for _, t := range organization.Thresholds() {
		missing = append(missing, threshold(t))
	}
	pages := budgets.NewDescribeNotificationsForBudgetPaginator(client, &budgets.DescribeNotificationsForBudgetInput{AccountId: &a.id, BudgetName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, n := range page.Notifications {
			i := slices.Index(missing, notification(n))
			if i < 0 {
				return fmt.Errorf("it also tells somebody %s", notification(n))
			}
			missing = slices.Delete(missing, i, i+1)
			if err := p.checkSubscribers(ctx, client, a, name, n); err != nil {
				return err
			}
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("it tells nobody %s", strings.Join(missing, ", "))
	}
	return nil
}

func threshold(t organization.Threshold) string {
	kind := budgetstypes.NotificationTypeActual
	if t.Forecast {
		kind = budgetstypes.NotificationTypeForecasted
	}
	return fmt.Sprintf("when %s costs are GREATER_THAN %d %%", kind, t.Percent)
}

// notification describes a notification as threshold does. AWS leaves the type of a threshold of percents out.
func notification(n budgetstypes.Notification) string {
	unit := "%"
	if n.ThresholdType == budgetstypes.ThresholdTypeAbsoluteValue {
		unit = "USD"
	}
	return fmt.Sprintf("when %s costs are %s %g %s", n.NotificationType, n.ComparisonOperator, n.Threshold, unit)
}

func (p *prover) checkSubscribers(ctx context.Context, client *budgets.Client, a *account, name string, n budgetstypes.Notification) error {
	out, err := client.DescribeSubscribersForNotification(ctx, &budgets.DescribeSubscribersForNotificationInput{AccountId: &a.id, BudgetName: &name, Notification: &n})
	if err != nil {
		return err
	}
	var addresses []string
	for _, s := range out.Subscribers {
		addresses = append(addresses, aws.ToString(s.Address))
	}
	if !slices.Equal(addresses, []string{p.org.Budgets.Notify}) {
		return fmt.Errorf("%s it tells: %s", notification(n), listed(addresses))
	}
	return nil
}

// checkAnomalies checks that the address is subscribed to the monitor of services, once: a creation whose answer was lost may have been
// repeated.
func (p *prover) checkAnomalies(ctx context.Context, a *account) error {
	found, err := p.opened()
	switch {
	case err != nil:
		return err
	case found.MonitorARN == "":
		return errors.New("there is no monitor of services")
	}
	name := p.org.Name(organization.Master, organization.AnomaliesName)
	var all []coststypes.AnomalySubscription
	pages := costexplorer.NewGetAnomalySubscriptionsPaginator(costexplorer.NewFromConfig(a.cfg), &costexplorer.GetAnomalySubscriptionsInput{MonitorArn: &found.MonitorARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, s := range page.AnomalySubscriptions {
			if aws.ToString(s.SubscriptionName) == name {
				all = append(all, s)
			}
		}
	}
	switch len(all) {
	case 0:
		return fmt.Errorf("the monitor of services has no subscription %s", name)
	case 1:
		return subscribed(all[0], p.org.Budgets)
	}
	return remedied(fmt.Errorf("the monitor of services has %d subscriptions %s, so each anomaly is told more than once", len(all), name),
		"run `aws ce delete-anomaly-subscription --subscription-arn …` for each but the one that `pulumi stack export --stack %s` has", organization.Master)
}

// subscribed checks that a subscription tells one address, from an impact on.
func subscribed(is coststypes.AnomalySubscription, want organization.Budgets) error {
	var addresses []string
	for _, s := range is.Subscribers {
		if s.Status == coststypes.SubscriberStatusDeclined {
			return remedied(fmt.Errorf("%s has declined", aws.ToString(s.Address)), "write another address under coldstart:budgets.notify, or ask its owner to accept")
		}
		addresses = append(addresses, aws.ToString(s.Address))
	}
	e := is.ThresholdExpression
	switch {
	case !slices.Equal(addresses, []string{want.Notify}):
		return fmt.Errorf("the subscription tells: %s", listed(addresses))
	case e == nil || e.Dimensions == nil || e.Dimensions.Key != coststypes.DimensionAnomalyTotalImpactAbsolute || len(e.Dimensions.Values) != 1 || len(e.And)+len(e.Or) > 0 || e.Not != nil:
		return errors.New("the subscription has another threshold than an impact in dollars")
	}
	if impact, err := strconv.ParseFloat(e.Dimensions.Values[0], 64); err != nil || impact != float64(want.Anomalies) {
		return fmt.Errorf("the subscription tells of anomalies from $%s on", e.Dimensions.Values[0])
	}
	return nil
}

// checkCostTag checks that a tag is active.
func (p *prover) checkCostTag(ctx context.Context, a *account, tag string) error {
	if _, err := p.opened(); err != nil {
		return err
	}
	out, err := costexplorer.NewFromConfig(a.cfg).ListCostAllocationTags(ctx, &costexplorer.ListCostAllocationTagsInput{TagKeys: []string{tag}})
	if err != nil {
		return err
	}
	if len(out.CostAllocationTags) != 1 || out.CostAllocationTags[0].Status != coststypes.CostAllocationTagStatusActive {
		return errors.New("it isn't active as a cost allocation tag")
	}
	return nil
}
