// Command coldstart-program is the Pulumi program of every stack: `pulumi up
// --stack master`, then any account's.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/program"
)

func main() {
	pulumi.Run(program.Run)
}
