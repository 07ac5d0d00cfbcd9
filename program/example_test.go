package program_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// A Pulumi program whose organization is declared in Go. Pulumi runs it once for each
// stack, and the stack's name says what is declared.
func ExampleFor() {
	org := organization.Defaults()
	org.Namespace, org.Domain, org.Region, org.Email = "acme", "acme.example", "us-west-2", "aws+%s@acme.example"
	org.Accounts["audit"], org.Accounts["prod"] = organization.Account{}, organization.Account{}
	pulumi.Run(program.For(org, program.Settings{}))
}
