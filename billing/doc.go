// Package billing declares what the account that pays for an organization has to hear of costs: budgets, anomalies, and the tags by which
// the bill can be split.
//
//	_, err := billing.NewBudgets(ctx, "budgets", &billing.BudgetsArgs{
//		Notify:  "costs@acme.example",
//		Budgets: []billing.Budget{{Key: "total", Name: "acme-total", Amount: 5000}},
//	}, pulumi.Providers(payer))
//
// AWS Budgets and AWS Cost Explorer are the same in all regions, so any region of the provider will do.
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// A later version may add resources to a component. Go names may change until version 1.
package billing
