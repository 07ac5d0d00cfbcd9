package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// Whoever looks for a command finds it in the file that has its name: "state move" is in
// state_move.go.
func TestCommandsHaveTheirFiles(t *testing.T) {
	t.Parallel()
	var check func(cmd *cobra.Command, path []string)
	check = func(cmd *cobra.Command, path []string) {
		for _, sub := range cmd.Commands() {
			path := append(path[:len(path):len(path)], strings.ReplaceAll(sub.Name(), "-", "_"))
			file := strings.Join(path, "_") + ".go"
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", sub.CommandPath(), err)
			}
			check(sub, path)
		}
	}
	check(newRoot(terminal.Streams{}), nil)
}
