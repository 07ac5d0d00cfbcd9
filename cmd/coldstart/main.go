// Command coldstart runs all stacks of an organization, and rehearses them on
// the machine it runs on. `coldstart --help` says how.
package main

import (
	"os"

	"github.com/coldstart-aws/coldstart/internal/cli"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], terminal.System()))
}
