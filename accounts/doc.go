// Package accounts declares the AWS organization, its units, member accounts and
// guardrails, which exist once, in the management account; and what holds in each
// account as a whole: its settings, and the facts by which programs find it.
//
//	org, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{…})
//	prod, err := accounts.NewAccount(ctx, "prod", &accounts.AccountArgs{
//		Name:     "prod",
//		Email:    "aws+prod@acme.example",
//		ParentID: org.Parent("workloads"),
//	})
//
// Accounts can't be deleted and their addresses can't be used again, so they and
// the organization are protected, and retained when they leave the state. What
// exists already is found by Discover and adopted instead of created.
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// Paths of parameters don't change either.
// A later version may add resources to a component. Go names may change until version 1.
package accounts
