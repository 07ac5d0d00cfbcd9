package contract

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// budgetsService is how requests to AWS Budgets are signed.
const budgetsService = "budgets"

// budget is a budget of AWS Budgets.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
type budget struct {
	content       map[string]any // as requests have it
	notifications []notified
	tags          map[string]string
}

// notification is a notification of a budget.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html
type notification struct {
	NotificationType, ComparisonOperator string
	Threshold                            float64
	ThresholdType                        string
}

// notified is a notification, and who hears of it.
type notified struct {
	notification

	subscribers []subscriber
}

// subscriber is who hears of a notification.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Subscriber.html
type subscriber struct{ SubscriptionType, Address string }

// What AWS Budgets takes at most.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html
const (
	maxNotifications     = 10
	maxEmailSubscribers  = 10
	maxTopicSubscribers  = 1
	maxThresholdPercents = 1_000_000
)

// budgetForever is the end of a budget that has none.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_TimePeriod.html
var budgetForever = time.Date(2087, 6, 15, 0, 0, 0, 0, time.UTC)

// costTypes are what a budget counts if a request doesn't say it.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CostTypes.html
var costTypes = map[string]any{
	"IncludeTax": true, "IncludeSubscription": true, "UseBlended": false, "IncludeRefund": true, "IncludeCredit": true, "IncludeUpfront": true,
	"IncludeRecurring": true, "IncludeOtherSubscription": true, "IncludeSupport": true, "IncludeDiscount": true, "UseAmortized": false,
}

// addressed is the form of an e-mail address.
var addressed = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)

// budgetProblem is an error of AWS Budgets.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html#API_budgets_CreateBudget_Errors
func budgetProblem(code, message string, args ...any) *proxy.Problem {
	return &proxy.Problem{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(message, args...)}
}

// ownBudgets returns the budgets of the account that the request names, which has to be the caller's.
func (r *request) ownBudgets() (map[string]*budget, *proxy.Problem) {
	if id := r.text("AccountId"); id != r.account {
		return nil, budgetProblem("AccessDeniedException", "Account %s can't be reached from account %s", id, r.account)
	}
	if r.budgets[r.account] == nil {
		r.budgets[r.account] = map[string]*budget{}
	}
	return r.budgets[r.account], nil
}

// budget returns the budget that the request names. What is what the request is to do.
func (r *request) budget(what string) (*budget, *proxy.Problem) {
	all, problem := r.ownBudgets()
	if problem != nil {
		return nil, problem
	}
	name := r.text("BudgetName")
	if all[name] == nil {
		return nil, budgetProblem("NotFoundException", "Unable to %s: %s - the budget doesn't exist.", what, name)
	}
	return all[name], nil
}

// createBudget creates a budget. Names are unique in an account.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/365
func (r *request) createBudget() (any, *proxy.Problem) {
	all, problem := r.ownBudgets()
	if problem != nil {
		return nil, problem
	}
	var in struct {
		Budget                       map[string]any
		NotificationsWithSubscribers []struct {
			Notification notification
			Subscribers  []subscriber
		}
		ResourceTags []resourceTag
	}
	r.read(&in)
	name, _ := in.Budget["BudgetName"].(string)
	if all[name] != nil {
		return nil, budgetProblem("DuplicateRecordException", "Error creating budget: %s - the budget already exists.", name)
	}
	created := &budget{content: in.Budget, tags: map[string]string{}}
	if problem := r.complete(created.content); problem != nil {
		return nil, problem
	}
	for _, n := range in.NotificationsWithSubscribers {
		if problem := created.notify(n.Notification, n.Subscribers); problem != nil {
			return nil, problem
		}
	}
	r.put(created.tags, in.ResourceTags)
	all[name] = created
	return struct{}{}, nil
}

// complete checks the content of a budget, and adds what AWS adds.
func (r *request) complete(content map[string]any) *proxy.Problem {
	name, _ := content["BudgetName"].(string)
	filters, _ := content["CostFilters"].(map[string]any)
	limit, limited := content["BudgetLimit"].(map[string]any)
	_, planned := content["PlannedBudgetLimits"]
	_, adjusted := content["AutoAdjustData"]
	switch {
	case strings.ContainsAny(name, `:\`) || strings.Contains(name, "/action/"): // The model's pattern looks ahead.
		return budgetProblem("InvalidParameterException", "The budget name %s has :, \\ or /action/", name)
	case !limited && !planned && !adjusted:
		return budgetProblem("InvalidParameterException", "Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget Limit/ Auto Adjust Data")
	case limited && planned:
		return budgetProblem("InvalidParameterException", "Only one of BudgetLimit and PlannedBudgetLimits can be present")
	}
	if ids, filtered := filters["LinkedAccount"].([]any); filtered {
		if problem := r.linked(ids); problem != nil {
			return problem
		}
	}
	if amount, _ := limit["Amount"].(string); limited {
		limit["Amount"] = decimal(amount)
	}
	if content["CostTypes"] == nil {
		content["CostTypes"] = costTypes
	}
	period, _ := content["TimePeriod"].(map[string]any)
	if period == nil {
		period = map[string]any{}
		content["TimePeriod"] = period
	}
	if period["Start"] == nil {
		now := r.w.Now().UTC()
		period["Start"] = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	if period["End"] == nil {
		period["End"] = budgetForever.Unix()
	}
	return nil
}

// linked checks the accounts that a budget is filtered by: those that the management account pays for, itself and closed ones included. A
// member can't filter by accounts.
// https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html
func (r *request) linked(ids []any) *proxy.Problem {
	if r.account != r.w.Management {
		return budgetProblem("InvalidParameterException", "A linked account can't filter by linked accounts")
	}
	for _, value := range ids {
		if id, _ := value.(string); id != r.account && !slices.ContainsFunc(r.joined(), func(a organizationAccount) bool { return a.ID == id }) {
			return budgetProblem("InvalidParameterException", "%s is not a linked account", id)
		}
	}
	return nil
}

// decimal writes an amount as AWS answers it: 5000 as 5000.0. The AWS plugin compares amounts as numbers for that.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.68.0/internal/service/budgets/budget.go
func decimal(amount string) string {
	if n, err := strconv.ParseFloat(amount, 64); err == nil && !strings.Contains(amount, ".") {
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return amount
}

// updateBudget replaces what a budget is. Its notifications stay.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_UpdateBudget.html
func (r *request) updateBudget() (any, *proxy.Problem) {
	all, problem := r.ownBudgets()
	if problem != nil {
		return nil, problem
	}
	var in struct{ NewBudget map[string]any }
	r.read(&in)
	name, _ := in.NewBudget["BudgetName"].(string)
	if all[name] == nil {
		return nil, budgetProblem("NotFoundException", "Unable to update budget: %s - the budget doesn't exist.", name)
	}
	if problem := r.complete(in.NewBudget); problem != nil {
		return nil, problem
	}
	all[name].content = in.NewBudget
	return struct{}{}, nil
}

func (r *request) deleteBudget() (any, *proxy.Problem) {
	if _, problem := r.budget("delete budget"); problem != nil {
		return nil, problem
	}
	delete(r.budgets[r.account], r.text("BudgetName"))
	return struct{}{}, nil
}

// described returns a budget as AWS describes it. A rehearsal costs nothing.
func (b *budget) described() map[string]any {
	shown := maps.Clone(b.content)
	shown["CalculatedSpend"] = map[string]any{"ActualSpend": map[string]any{"Amount": "0.0", "Unit": "USD"}}
	return shown
}

func (r *request) describeBudget() (any, *proxy.Problem) {
	b, problem := r.budget("get budget")
	if problem != nil {
		return nil, problem
	}
	return map[string]any{"Budget": b.described()}, nil
}

func (r *request) describeBudgets() (any, *proxy.Problem) {
	all, problem := r.ownBudgets()
	if problem != nil {
		return nil, problem
	}
	shown := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		shown = append(shown, all[name].described())
	}
	return map[string]any{"Budgets": shown}, nil
}

// find returns the index of a notification; -1 if the budget doesn't have it. A threshold without a type is one of percents.
func (b *budget) find(n notification) int {
	return slices.IndexFunc(b.notifications, func(has notified) bool { return has.notification == n.percents() })
}

func (n notification) percents() notification {
	if n.ThresholdType == "" {
		n.ThresholdType = "PERCENTAGE"
	}
	return n
}

// notify adds a notification.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateNotification.html
func (b *budget) notify(n notification, to []subscriber) *proxy.Problem {
	n = n.percents()
	kinds := map[string]int{}
	for _, s := range to {
		kinds[s.SubscriptionType]++
		if s.SubscriptionType == "EMAIL" && !addressed.MatchString(s.Address) {
			return budgetProblem("InvalidParameterException", "The address of a subscriber is not an e-mail address")
		}
	}
	switch {
	case b.find(n) >= 0:
		return budgetProblem("DuplicateRecordException", "Error creating notification - the notification already exists.")
	case len(b.notifications) >= maxNotifications:
		return budgetProblem("CreationLimitExceededException", "A budget has at most %d notifications", maxNotifications)
	case kinds["EMAIL"] > maxEmailSubscribers || kinds["SNS"] > maxTopicSubscribers:
		return budgetProblem("CreationLimitExceededException", "A notification has at most %d e-mail subscribers and %d topic", maxEmailSubscribers, maxTopicSubscribers)
	case n.ThresholdType == "PERCENTAGE" && n.Threshold > maxThresholdPercents:
		return budgetProblem("InvalidParameterException", "A threshold is at most %d percent", maxThresholdPercents)
	}
	b.notifications = append(b.notifications, notified{n, to})
	return nil
}

func (r *request) createNotification() (any, *proxy.Problem) {
	b, problem := r.budget("create notification")
	if problem != nil {
		return nil, problem
	}
	var in struct {
		Notification notification
		Subscribers  []subscriber
	}
	r.read(&in)
	return struct{}{}, b.notify(in.Notification, in.Subscribers)
}

// notification returns the notification that the request names, and its budget.
func (r *request) notification() (*budget, int, *proxy.Problem) {
	b, problem := r.budget("get notification")
	if problem != nil {
		return nil, 0, problem
	}
	var in struct{ Notification notification }
	r.read(&in)
	i := b.find(in.Notification)
	if i < 0 {
		return nil, 0, budgetProblem("NotFoundException", "Unable to get notification - the notification doesn't exist.")
	}
	return b, i, nil
}

func (r *request) deleteNotification() (any, *proxy.Problem) {
	b, i, problem := r.notification()
	if problem == nil {
		b.notifications = slices.Delete(b.notifications, i, i+1)
	}
	return struct{}{}, problem
}

// notificationsOf lists a budget's notifications. AWS leaves the type of a threshold of percents out, says the AWS plugin.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.68.0/internal/service/budgets/budget.go
func (r *request) notificationsOf() (any, *proxy.Problem) {
	b, problem := r.budget("get budget")
	if problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	for _, n := range b.notifications {
		shown := map[string]any{
			"NotificationType": n.NotificationType, "ComparisonOperator": n.ComparisonOperator, "Threshold": n.Threshold, "NotificationState": "OK",
		}
		if n.ThresholdType != "PERCENTAGE" {
			shown["ThresholdType"] = n.ThresholdType
		}
		all = append(all, shown)
	}
	return map[string]any{"Notifications": all}, nil
}

func (r *request) subscribersOf() (any, *proxy.Problem) {
	b, i, problem := r.notification()
	if problem != nil {
		return nil, problem
	}
	return map[string]any{"Subscribers": b.notifications[i].subscribers}, nil
}

// budgetTags returns the tags of the budget whose ARN the request has.
func (r *request) budgetTags() (map[string]string, *proxy.Problem) {
	name, found := strings.CutPrefix(r.text("ResourceARN"), "arn:aws:budgets::"+r.account+":budget/")
	if b := r.budgets[r.account][name]; found && b != nil {
		return b.tags, nil
	}
	return nil, budgetProblem("NotFoundException", "The resource %s doesn't exist", r.text("ResourceARN"))
}
