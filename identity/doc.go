// Package identity declares who reaches an account: the roles that people
// assume, with a second factor; the users and groups that may; and the roles of
// GitHub's workflows, without keys.
//
// Nobody signs in to an account but the one where users live. From there they
// assume <namespace>-<account>-<role>, by hand or as `coldstart aws-config` says.
//
//	roles, err := identity.NewRoles(ctx, "roles", &identity.RolesArgs{…})
//	arn := roles.ARNs["admin"]
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// A later version may add resources to a component. Go names may change until version 1.
package identity
