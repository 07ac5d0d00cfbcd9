package billing_test

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/billing"
)

// A budget of all accounts and one of a single account, and anomalies from $100 on.
func ExampleNewBudgets() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		payer, err := aws.NewProvider(ctx, "payer", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			return err
		}
		_, err = billing.NewBudgets(ctx, "budgets", &billing.BudgetsArgs{
			Notify: "costs@acme.example",
			Budgets: []billing.Budget{
				{Key: "total", Name: "acme-total", Amount: 5000},
				{Key: "prod", Name: "acme-prod", Amount: 2000, AccountIDs: pulumi.ToStringArray([]string{"123456789012"})},
			},
			Anomalies: &billing.Anomalies{Name: "acme-anomalies", Impact: 100},
		}, pulumi.Providers(payer))
		return err
	})
}
