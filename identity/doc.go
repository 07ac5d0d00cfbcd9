// Package identity declares who reaches an account: the roles that people
// assume, with a second factor; the users and groups that may; and the roles of
// GitHub's workflows, without keys.
//
// Nobody signs in to an account but the one where users live. From there they
// assume <namespace>-<account>-<role>, by hand or as `coldstart aws-config` says.
package identity
