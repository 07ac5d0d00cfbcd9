package cli

import "github.com/spf13/cobra"

// newWho is a topic of help: whom `coldstart can` and expectations ask about.
func newWho() *cobra.Command {
	return &cobra.Command{Use: "who", Short: "Whom coldstart can, and expectations, ask about", Long: `WHO of "coldstart can", and who of an expectation, is one of

  ada                         a user
  user/root                   a user who is called as one of the words below
  group/administrators        whoever is in this group of IAM Identity Center
  admin                       a role of the account: that of IAM, and the permission set
  acme-prod-admin             the role of IAM alone
  acme-admin                  the permission set alone
  root                        the account's root user
  coldstart                   the role by which coldstart deploys the account's stack
  workflow, pull-request      a run of the declared repository, which deploys or previews
  cloudtrail.amazonaws.com    a service
  123456789012, or an ARN     an account, or a principal, of another organization
  almighty, powerless         an imagined user of the account, whose own policies allow
                              everything or nothing
  anybody                     everybody in the organization

A user reaches another account through a role there, so the answer has a line for each
role, and one for each permission set that is assigned.`}
}
