package organization

import (
	"maps"
	"slices"
	"strings"
)

// Budgets say what accounts may cost, and who hears of it when they cost more. AWS bills the management account for all accounts, so the
// management account has the budgets.
type Budgets struct {
	// Notify is the e-mail address that hears of budgets and of anomalies; empty if there are none.
	Notify string
	// Total is what all accounts together may cost in a month, in whole US dollars; 0 for no such budget.
	Total int
	// Units are the same of units' accounts, those of the units below included, by the units' keys. Accounts are the same of single
	// accounts, of Master too.
	Units, Accounts map[string]int
	// Anomalies is from which impact on the address hears of an anomaly, in whole US dollars; 0 for none.
	Anomalies int
}

// Budget is one budget of AWS Budgets: what some accounts may cost in a month.
type Budget struct {
	// Name is the budget's name in AWS. Key is its part after <namespace>-<master>-: "budget-total", "budget-unit-workloads",
	// "budget-account-prod".
	Name, Key string
	// Amount is in whole US dollars.
	Amount int
	// Accounts are the names of the accounts, sorted; nil for all that the organization has, declared or not.
	Accounts []string
}

// Threshold is a part of a budget's amount from which on AWS tells somebody.
type Threshold struct {
	// Percent is the part, and Forecast says that it is what AWS expects for the whole month. Otherwise it is what accounts have cost.
	Percent  int
	Forecast bool
}

// Thresholds returns when AWS tells somebody about a budget: at four fifths, when the month's end is expected beyond the amount, and when the
// amount is reached. AWS expects nothing before it has seen about a month of costs.
// https://docs.aws.amazon.com/cost-management/latest/userguide/ce-forecast.html
func Thresholds() []Threshold {
	return []Threshold{{Percent: 80}, {Percent: 100}, {Percent: 100, Forecast: true}}
}

// AnomaliesName is the last part of the name of the subscription to anomalies, and of the monitor if AWS hasn't made one.
const AnomaliesName = "anomalies"

// Limits of budgets.
const (
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html
	maxBudgetName = 100
	// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Subscriber.html
	maxSubscriberAddress = 302
	notInSubscriber      = "/`"
)

// DeclaredBudgets returns the budgets: of all accounts, of units, and of accounts.
func (o *Organization) DeclaredBudgets() []Budget {
	var all []Budget
	add := func(key string, amount int, accounts []string) {
		key = "budget-" + key
		all = append(all, Budget{Name: o.Name(Master, key), Key: key, Amount: amount, Accounts: accounts})
	}
	if o.Budgets.Total != 0 {
		add("total", o.Budgets.Total, nil)
	}
	for _, unit := range slices.Sorted(maps.Keys(o.Budgets.Units)) {
		add("unit-"+unit, o.Budgets.Units[unit], o.accountsBelow(unit))
	}
	for _, account := range slices.Sorted(maps.Keys(o.Budgets.Accounts)) {
		add("account-"+account, o.Budgets.Accounts[account], []string{account})
	}
	return all
}

// CostTags returns the tags by which the bill can be split: the keys of the organization's tags, if there are budgets or a monitor.
func (o *Organization) CostTags() []string {
	if o.Budgets.Notify == "" {
		return nil
	}
	return slices.Sorted(maps.Keys(o.Tags))
}

// accountsBelow returns the accounts in a unit and in the units below it, sorted. It isn't nil.
func (o *Organization) accountsBelow(unit string) []string {
	below := []string{}
	for _, name := range o.AccountNames() {
		in := o.Accounts[name].Unit
		for range o.Units { // Units that lie within themselves are a problem of their own.
			if in == unit || in == "" {
				break
			}
			in = o.Units[in].Parent
		}
		if in == unit {
			below = append(below, name)
		}
	}
	return below
}

func (o *Organization) checkBudgets(ps *Problems) {
	const key = prefix + "budgets"
	b := o.Budgets
	something := b.Total != 0 || len(b.Units) > 0 || len(b.Accounts) > 0 || b.Anomalies != 0
	switch {
	case b.Notify == "" && something:
		ps.Add(key+".notify", "write the address that hears of costs, such as costs@acme.example", "is missing")
	case b.Notify != "" && !something:
		ps.Add(key, "write total, units, accounts or anomalies beside notify", "there is nothing to hear of")
	}
	if checkAddress(ps, key+".notify", b.Notify) && b.Anomalies != 0 && (strings.ContainsAny(b.Notify, notInSubscriber) || len(b.Notify) > maxSubscriberAddress) {
		ps.Add(key+".notify", "write another one, or leave anomalies out", "Cost Anomaly Detection doesn't take the address %q", b.Notify)
	}
	checkDollars(ps, key+".total", b.Total, b.Total == 0)
	checkDollars(ps, key+".anomalies", b.Anomalies, b.Anomalies == 0)
	for _, unit := range slices.Sorted(maps.Keys(b.Units)) {
		at := key + ".units." + unit
		checkDollars(ps, at, b.Units[unit], false)
		_, declared := o.Units[unit]
		switch {
		case !declared:
			ps.Add(at, o.unitRemedy(unit), "unknown unit %q", unit)
		case len(o.accountsBelow(unit)) == 0:
			// Without accounts to filter by, the budget would be one of all accounts.
			ps.Add(at, "leave it out until there is one", "no account is in unit %q", unit)
		}
	}
	for _, account := range slices.Sorted(maps.Keys(b.Accounts)) {
		at := key + ".accounts." + account
		checkDollars(ps, at, b.Accounts[account], false)
		if _, declared := o.Accounts[account]; !declared && account != Master {
			ps.Add(at, "write "+Master+", or a member declared under "+prefix+"accounts", "%q isn't an account", account)
		}
	}
	for _, budget := range o.DeclaredBudgets() {
		if len(budget.Name) > maxBudgetName && o.namespaced() {
			ps.Add(key, "shorten the key of the unit", "the budget's name %q passes AWS's %d characters", budget.Name, maxBudgetName)
		}
	}
}

// checkDollars checks an amount.
func checkDollars(ps *Problems, key string, amount int, absent bool) {
	if amount < 1 && !absent {
		ps.Add(key, "write whole US dollars, at least 1", "%d is out of range", amount)
	}
}
