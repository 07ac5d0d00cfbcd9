//go:build unix

package cli

import (
	"fmt"
	"syscall"
)

// replaceProcess has this process run a program with an environment. It returns only if
// that fails.
func replaceProcess(file string, args, environ []string) error {
	return fmt.Errorf("starting %s again: %w", file, syscall.Exec(file, args, environ)) //nolint:gosec // It is this program.
}
