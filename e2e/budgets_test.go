//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	budgetstypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	coststypes "github.com/aws/aws-sdk-go-v2/service/costexplorer/types"

	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

const (
	unbudgeted = `
config:
  coldstart:namespace: cost
  coldstart:domain: cost.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@cost.example
  coldstart:units: { work: {}, inner: { parent: work } }
  coldstart:accounts: { app: { unit: inner }, lab: {} }
  coldstart:audit: none
  coldstart:tags: { Team: core, Cost Center: "42" }
`
	budgeting = "  coldstart:budgets: { notify: costs@cost.example, total: 5000, units: { work: 3000 }, accounts: { app: 2000, master: 100 }, anomalies: 100 }\n"
)

// later is a clock that a test puts forward.
type later struct{ by atomic.Int64 }

func (c *later) Now() time.Time { return time.Now().Add(time.Duration(c.by.Load())) }

// perSecond is how many of AWS's seconds pass in one. A day is put forward by less than the shortest session, which the emulator ends by this
// machine's own clock.
const perSecond = 200

// aDay lets 25 hours of AWS's time pass.
func (c *later) aDay() { c.by.Add(int64(25 * time.Hour / perSecond)) }

// unopened refuses all of Cost Explorer while nobody has opened it.
type unopened struct {
	w  *proxy.World
	on atomic.Bool
}

func (*unopened) Name() string { return "Cost Explorer isn't open" }

func (r *unopened) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !r.on.Load() || !c.Is("ce") {
		return next(c)
	}
	return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "AccessDeniedException", Message: "User not enabled for cost explorer access"})
}

// newCosts starts a world whose time can be put forward, whose Cost Explorer can be shut, and whose calls can be disturbed.
func newCosts(t *testing.T, declaration string) (*world, *later, *unopened, *stand) {
	t.Helper()
	w, clock, shut, s := newWorld(t, declaration), &later{}, &unopened{}, &stand{}
	options := limits.Refusals()
	rules := options.Rules
	options.Scale, options.Clock, options.Rules = perSecond, clock, s.before(func(p *proxy.World) []proxy.Rule {
		shut.w = p
		return append([]proxy.Rule{shut}, rules(p)...)
	})
	w.limited(options)
	return w, clock, shut, s
}

// TestBudgets starts an organization with budgets, anomalies and tags, lets billing see the tags, changes amounts, accounts and addresses,
// repairs what somebody has changed by hand, and takes it all away.
func TestBudgets(t *testing.T) {
	begin(t)
	w, clock, _, _ := newCosts(t, unbudgeted+budgeting)
	out := w.ok(coldstart(), "up", "--yes")
	contains(t, out, "the cost allocation tags Cost Center, Team follow with the first update after billing has seen them")
	if strings.Contains(out, "again") {
		t.Errorf("the cold start took a second try:\n%s", out)
	}
	w.unchanged()
	w.undrifted()
	w.proved()
	w.budgeted("account-app 2000 app", "account-master 100 master", "total 5000", "unit-work 3000 app")
	w.anomalous("Default-Services-Monitor", "100", "costs@cost.example")
	w.split()

	// Billing has seen the tags.
	clock.aDay()
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.split("Cost Center", "Team")

	// An account comes into the unit, amounts change, and somebody else is told.
	more := strings.NewReplacer("lab: {}", "lab: {}, shop: { unit: work }", "work: 3000", "work: 3500", "anomalies: 100", "anomalies: 250", "costs@", "cfo@", "total: 5000, ", "").Replace(unbudgeted + budgeting)
	w.declare(more)
	contains(t, w.ok(coldstart(), "preview"), "AWS tells nobody any more when these accounts cost more than the budget.")
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.budgeted("account-app 2000 app", "account-master 100 master", "unit-work 3500 app shop")
	w.anomalous("Default-Services-Monitor", "250", "cfo@cost.example")

	w.repairsBudgets()
	w.takesBudgetAway(more)

	w.declare(strings.Replace(unbudgeted, "lab: {}", "lab: {}, shop: { unit: work }", 1))
	contains(t, w.ok(coldstart(), "preview"), "AWS doesn't tell this address of anomalies any more. It goes on looking for them, and its own subscription stays.",
		"Costs from now on can't be split by this tag any more.")
	w.up()
	w.unchanged()
	w.proved()
	w.budgeted()
	w.anomalous("Default-Services-Monitor", "", "")
	w.split()
}

// TestCostExplorerIsOpenedLater starts an organization where nobody has opened Cost Explorer. Budgets don't wait for that. Then it is opened,
// and somebody has removed the monitor that AWS makes. coldstart is killed when it has made one, and when it has subscribed to it; the answer
// to the creation of a budget is lost.
func TestCostExplorerIsOpenedLater(t *testing.T) {
	begin(t)
	w, _, shut, s := newCosts(t, unbudgeted+budgeting)
	shut.on.Store(true)
	contains(t, w.ok(coldstart(), "up", "--yes"), "nobody has opened AWS Cost Explorer there, so anomalies and cost allocation tags wait: sign in to the management account's console")
	w.unchanged()
	w.budgeted("account-app 2000 app", "account-master 100 master", "total 5000", "unit-work 3000 app")
	unproved := w.unbudgeted()
	contains(t, unproved, "costs@cost.example hears of anomalies of $100 and more", "nobody has opened AWS Cost Explorer", "run `coldstart up` a day after that")
	contains(t, w.ok(coldstart(), "doctor"), "nobody has opened it in account 123456789012: anomalies and cost allocation tags wait for that, and budgets don't")

	shut.on.Store(false)
	ce := w.costs()
	all, err := ce.GetAnomalySubscriptions(context.Background(), &costexplorer.GetAnomalySubscriptionsInput{})
	must(t, err)
	_, err = ce.DeleteAnomalySubscription(context.Background(), &costexplorer.DeleteAnomalySubscriptionInput{SubscriptionArn: all.AnomalySubscriptions[0].SubscriptionArn})
	must(t, err)
	_, err = ce.DeleteAnomalyMonitor(context.Background(), &costexplorer.DeleteAnomalyMonitorInput{MonitorArn: aws.String(all.AnomalySubscriptions[0].MonitorArnList[0])})
	must(t, err)
	w.struck(s, "action=ce:CreateAnomalyMonitor:kill-after", false)
	w.struck(s, "action=ce:CreateAnomalySubscription:kill-after", false)
	w.declare(strings.Replace(unbudgeted+budgeting, "app: 2000", "app: 2000, lab: 5", 1))
	w.struck(s, "action=budgets:CreateBudget:drop-after", true)
	w.unchanged()
	w.undrifted()
	w.proved()
	w.anomalous("cost-master-anomalies", "100", "costs@cost.example")
	if n := len(w.subscriptions()); n != 1 {
		t.Errorf("there are %d subscriptions", n)
	}

	// The monitor stays, and is used again.
	w.declare(unbudgeted)
	w.up()
	w.anomalous("cost-master-anomalies", "", "")
	w.declare(unbudgeted + budgeting)
	w.up()
	w.unchanged()
	w.proved()
	w.anomalous("cost-master-anomalies", "100", "costs@cost.example")
}

// repairsBudgets changes a budget and removes the subscription by hand. Proofs find both, and a refresh and an update bring them back.
func (w *world) repairsBudgets() {
	w.t.Helper()
	ctx, client := context.Background(), w.budgets()
	name := aws.String("cost-master-budget-account-app")
	is, err := client.DescribeBudget(ctx, &budgets.DescribeBudgetInput{AccountId: w.payer(), BudgetName: name})
	must(w.t, err)
	changed := is.Budget
	changed.BudgetLimit.Amount, changed.CalculatedSpend = aws.String("999999"), nil
	changed.CostTypes.IncludeCredit = aws.Bool(false) //nolint:staticcheck // The AWS plugin writes it, and not what has replaced it.
	_, err = client.UpdateBudget(ctx, &budgets.UpdateBudgetInput{AccountId: w.payer(), NewBudget: changed})
	must(w.t, err)
	_, err = client.DeleteNotification(ctx, &budgets.DeleteNotificationInput{AccountId: w.payer(), BudgetName: aws.String("cost-master-budget-unit-work"), Notification: &budgetstypes.Notification{
		NotificationType: budgetstypes.NotificationTypeForecasted, ComparisonOperator: budgetstypes.ComparisonOperatorGreaterThan, Threshold: 100,
	}})
	must(w.t, err)
	for _, s := range w.subscriptions() {
		if aws.ToString(s.SubscriptionName) == "cost-master-anomalies" {
			_, err = w.costs().DeleteAnomalySubscription(ctx, &costexplorer.DeleteAnomalySubscriptionInput{SubscriptionArn: s.SubscriptionArn})
			must(w.t, err)
		}
	}
	contains(w.t, w.unbudgeted(), "its amount is 999999.0 USD", "it tells nobody when FORECASTED costs are GREATER_THAN 100 %", "the monitor of services has no subscription cost-master-anomalies")
	w.ends(3, []string{"drift", "master"}, "budget-account-app", "budget-unit-work", "budgets")
	_, err = w.automation().Refresh(ctx)
	must(w.t, err)
	w.up()
	w.unchanged()
	w.proved()
}

// takesBudgetAway finds that a budget of a declared name stops a preview, and does what the preview says.
func (w *world) takesBudgetAway(declaration string) {
	w.t.Helper()
	ctx, client := context.Background(), w.budgets()
	const name = "cost-master-budget-account-lab"
	_, err := client.CreateBudget(ctx, &budgets.CreateBudgetInput{AccountId: w.payer(), Budget: &budgetstypes.Budget{
		BudgetName: aws.String(name), BudgetType: budgetstypes.BudgetTypeCost, TimeUnit: budgetstypes.TimeUnitMonthly,
		BudgetLimit: &budgetstypes.Spend{Amount: aws.String("1"), Unit: aws.String("USD")},
	}})
	must(w.t, err)
	w.declare(strings.Replace(declaration, "app: 2000", "app: 2000, lab: 5", 1))
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		w.t.Error("AWS gets a second budget of a name")
	}
	contains(w.t, out, "account master has the budget "+name+" already, and coldstart hasn't made it: AWS refuses a second one",
		"`aws budgets delete-budget --account-id … --budget-name "+name+"`")
	_, err = client.DeleteBudget(ctx, &budgets.DeleteBudgetInput{AccountId: w.payer(), BudgetName: aws.String(name)})
	must(w.t, err)
	w.up()
	w.proved()
}

// payer returns the id of the management account.
func (w *world) payer() *string { return aws.String("123456789012") }

func (w *world) budgets() *budgets.Client {
	return budgets.NewFromConfig(w.emulator.Config("eu-west-1"))
}

func (w *world) costs() *costexplorer.Client {
	return costexplorer.NewFromConfig(w.emulator.Config("eu-west-1"))
}

// unbudgeted returns the problems of the proofs that don't hold.
func (w *world) unbudgeted() string {
	w.t.Helper()
	proofs, err := proof.Prove(context.Background(), w.organization(), proof.Options{Env: w.emulator.Env()})
	must(w.t, err)
	var problems []string
	for _, p := range proofs.Proofs {
		if !p.Holds {
			problems = append(problems, p.Problem())
		}
	}
	return strings.Join(problems, "\n")
}

// budgeted checks the budgets: each with its key, its amount, and the names of the accounts that count.
func (w *world) budgeted(want ...string) {
	w.t.Helper()
	names := map[string]string{}
	for email, a := range w.accounts() {
		names[aws.ToString(a.Id)] = strings.TrimSuffix(strings.TrimPrefix(email, "aws+"), "@cost.example")
	}
	names[*w.payer()] = "master"
	out, err := w.budgets().DescribeBudgets(context.Background(), &budgets.DescribeBudgetsInput{AccountId: w.payer()})
	must(w.t, err)
	var got []string
	for _, b := range out.Budgets {
		text := strings.TrimPrefix(aws.ToString(b.BudgetName), "cost-master-budget-") + " " + strings.TrimSuffix(aws.ToString(b.BudgetLimit.Amount), ".0")
		var counted []string
		for _, id := range b.CostFilters["LinkedAccount"] { //nolint:staticcheck // The AWS plugin writes it, and not what has replaced it.
			counted = append(counted, names[id])
		}
		slices.Sort(counted)
		got = append(got, strings.Join(append([]string{text}, counted...), " "))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.t.Errorf("the budgets are %q, not %q", got, want)
	}
}

func (w *world) subscriptions() []coststypes.AnomalySubscription {
	w.t.Helper()
	out, err := w.costs().GetAnomalySubscriptions(context.Background(), &costexplorer.GetAnomalySubscriptionsInput{})
	must(w.t, err)
	return out.AnomalySubscriptions
}

// anomalous checks the only monitor, and who hears of which anomalies by coldstart's subscription to it; nobody if address is empty.
func (w *world) anomalous(monitor, impact, address string) {
	w.t.Helper()
	out, err := w.costs().GetAnomalyMonitors(context.Background(), &costexplorer.GetAnomalyMonitorsInput{})
	must(w.t, err)
	if len(out.AnomalyMonitors) != 1 || aws.ToString(out.AnomalyMonitors[0].MonitorName) != monitor {
		w.t.Fatalf("the monitors are %+v", out.AnomalyMonitors)
	}
	got := ""
	for _, s := range w.subscriptions() {
		if aws.ToString(s.SubscriptionName) == "cost-master-anomalies" {
			got = fmt.Sprint(s.MonitorArnList[0] == *out.AnomalyMonitors[0].MonitorArn, s.ThresholdExpression.Dimensions.Values[0], aws.ToString(s.Subscribers[0].Address))
		}
	}
	want := ""
	if address != "" {
		want = fmt.Sprint(true, impact, address)
	}
	if got != want {
		w.t.Errorf("who hears of anomalies: %q, not %q", got, want)
	}
}

// split checks by which tags the bill can be split.
func (w *world) split(want ...string) {
	w.t.Helper()
	out, err := w.costs().ListCostAllocationTags(context.Background(), &costexplorer.ListCostAllocationTagsInput{Status: coststypes.CostAllocationTagStatusActive})
	must(w.t, err)
	keys := map[string]bool{}
	for _, tag := range out.CostAllocationTags {
		keys[aws.ToString(tag.TagKey)] = true
	}
	if got := slices.Sorted(maps.Keys(keys)); !slices.Equal(got, want) {
		w.t.Errorf("the bill can be split by %q, not %q", got, want)
	}
}
