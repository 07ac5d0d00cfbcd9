package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	// exitChanges: changes or drift found.
	exitChanges = 3
)

// usageError is a mistake in the command line itself.
type usageError struct{ error }

// errChanges is returned when there are changes, and there should be none.
var errChanges = errors.New("there are changes")

// errReported is returned when all that there is to say has been said.
var errReported = errors.New("failed")

// exitCode returns the exit code for what a command returned, and says on w why it
// failed, unless the command has said that itself.
func exitCode(w io.Writer, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
		return exitFailed
	case errors.Is(err, errChanges):
		fmt.Fprintf(w, "coldstart: %v\n", err)
		return exitChanges
	case errors.As(err, &usage):
		fmt.Fprintf(w, "coldstart: %v\nRun `coldstart --help` for how it is used.\n", err)
		return exitUsage
	default:
		fmt.Fprintf(w, "coldstart: %v\n", err)
		return exitFailed
	}
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
