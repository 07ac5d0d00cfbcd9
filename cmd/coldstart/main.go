// Command coldstart runs all stacks of an organization, and rehearses them on
// the machine it runs on. `coldstart --help` says how.
package main

import (
	"os"
	"runtime/debug"

	"github.com/coldstart-aws/coldstart/internal/cli"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// garbage is Go's GOGC, if the environment has none. With Go's default, 100, a rehearsal of 100 accounts spends more than
// half of coldstart's own time on collecting garbage; its heap is small beside what Pulumi needs.
const garbage = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	os.Exit(cli.Main(os.Args[1:], terminal.System()))
}
