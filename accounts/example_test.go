package accounts_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
)

// An organization with one unit, and an account in it. Both are adopted if AWS has them
// already.
func ExampleNewAccount() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		existing, err := accounts.Discover(ctx)
		if err != nil {
			return err
		}
		org, err := accounts.NewOrganization(ctx, "organization", &accounts.OrganizationArgs{
			Units:    []accounts.Unit{{Key: "workloads", Name: "workloads"}},
			Existing: existing,
		})
		if err != nil {
			return err
		}
		prod, err := accounts.NewAccount(ctx, "prod", &accounts.AccountArgs{
			Name:     "prod",
			Email:    "aws+prod@acme.example",
			ParentID: org.Parent("workloads"),
			Adopt:    existing.WithEmail("aws+prod@acme.example").ID,
		})
		if err != nil {
			return err
		}
		ctx.Export("prod", prod.ID)
		return nil
	})
}
