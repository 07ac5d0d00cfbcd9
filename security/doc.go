// Package security declares the services that look at the whole organization, in the account that administers them.
//
//	watched, err := security.NewGuardDuty(ctx, "guardduty", &security.GuardDutyArgs{Management: management, AdministratorID: id}, pulumi.Providers(administrator))
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// A later version may add resources to a component. Go names may change until version 1.
package security
