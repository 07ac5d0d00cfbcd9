package program

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/billing"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/costs"
	"github.com/coldstart-aws/coldstart/organization"
)

// declareBudgets declares what the organization has to hear of costs, if the declaration says so. AWS bills the management account for all.
// What AWS doesn't take yet follows with a later update: AWS activates a cost allocation tag only after billing has seen it, and nothing of
// Cost Explorer before somebody has opened that in the console.
func (m *master) declareBudgets() error {
	declared := m.org.Budgets
	if declared.Notify == "" {
		return nil
	}
	args := &billing.BudgetsArgs{Notify: declared.Notify, Tags: m.tags()}
	var err error
	if args.Budgets, err = m.budgets(); err != nil {
		return err
	}
	tags := m.org.CostTags()
	if declared.Anomalies > 0 {
		args.Anomalies = &billing.Anomalies{Name: m.named(organization.AnomaliesName), Impact: declared.Anomalies}
	}
	if declared.Anomalies > 0 || len(tags) > 0 {
		if err := m.findCosts(args, tags); err != nil {
			return err
		}
	}
	_, err = billing.NewBudgets(m.ctx, "budgets", args, m.in())
	return err
}

// findCosts completes what Cost Explorer has, and says what follows.
func (m *master) findCosts(args *billing.BudgetsArgs, tags []string) error {
	if m.org.settings.AWS == nil {
		args.CostTags = tags
		return nil
	}
	found, err := m.org.settings.AWS.costs(m.ctx.Context(), m.org.Organization, tags)
	switch {
	case err != nil:
		return fmt.Errorf("asking AWS Cost Explorer what account %s (%s) has: %w", organization.Master, m.self, err)
	case found.Off:
		args.Anomalies = nil
		return m.ctx.Log.Warn(fmt.Sprintf("account %s (%s): nobody has opened AWS Cost Explorer there, so anomalies and cost allocation tags wait: %s; they follow with the first update a day after that",
			organization.Master, m.self, awserror.OpenCostExplorer), nil)
	}
	if args.Anomalies != nil {
		args.Anomalies.MonitorARN = found.MonitorARN
	}
	var later []string
	for _, tag := range tags {
		if slices.Contains(found.Seen, tag) {
			args.CostTags = append(args.CostTags, tag)
		} else {
			later = append(later, tag)
		}
	}
	if len(later) == 0 {
		return nil
	}
	return m.ctx.Log.Info(fmt.Sprintf("the cost allocation tags %s follow with the first update after billing has seen them, which takes up to a day", strings.Join(later, ", ")), nil)
}

// budgets returns the declared budgets with the ids of their accounts. Accounts that aren't in the organization any more don't count.
func (m *master) budgets() ([]billing.Budget, error) {
	var all []billing.Budget
	for _, b := range m.org.DeclaredBudgets() {
		budget := billing.Budget{Key: b.Key, Name: b.Name, Amount: b.Amount}
		ids := pulumi.StringArray{}
		for _, name := range b.Accounts {
			if m.standings[name].state != accountstate.Missing {
				ids = append(ids, m.idOf(name))
			}
		}
		switch {
		case b.Accounts == nil:
		case len(ids) == 0:
			// Without accounts the budget would be one of the whole organization.
			if err := m.ctx.Log.Warn(fmt.Sprintf("the budget %s is left out: none of its accounts is in the organization any more", b.Name), nil); err != nil {
				return nil, err
			}
			continue
		default:
			budget.AccountIDs = ids
		}
		all = append(all, budget)
	}
	return all, nil
}

// costs asks AWS Cost Explorer, with the management account's credentials.
func (a *AWS) costs(ctx context.Context, org *organization.Organization, tags []string) (costs.Found, error) {
	if a.findCosts != nil {
		return a.findCosts(tags)
	}
	cfg, err := awsconfig.Load(ctx, a.Env, org.Region)
	if err != nil {
		return costs.Found{}, err
	}
	return costs.Find(ctx, cfg, tags)
}
