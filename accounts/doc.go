// Package accounts declares the AWS organization, its units and its member
// accounts: what exists once, for the whole organization, in the management
// account.
//
//	org, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{…})
//	prod, err := accounts.NewAccount(ctx, "prod", &accounts.AccountArgs{
//		Name:     "prod",
//		Email:    "aws+prod@acme.example",
//		ParentID: org.Units["workloads"],
//	})
//
// Accounts can't be deleted and their addresses can't be used again, so all of
// it is protected, and retained when it leaves the state. What exists already
// is found by Discover and adopted instead of created.
package accounts
