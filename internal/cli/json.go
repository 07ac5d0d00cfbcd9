package cli

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// jsonOption is --json, which every command has that prints what other programs may
// want to read.
type jsonOption struct{ json bool }

// jsonFlag adds --json; shape says what it prints.
func (j *jsonOption) jsonFlag(cmd *cobra.Command, shape string) {
	cmd.Flags().BoolVar(&j.json, "json", false, "print "+shape)
}

// newJSON is a topic of help: what commands that run stacks print with --json.
func newJSON() *cobra.Command {
	return &cobra.Command{Use: "json", Short: "What commands that run stacks print with --json", Long: `With --json, ` + resultHelp + `

The help of every other command says beside its --json what it prints.`}
}

// output writes a command's result: with --json value, and otherwise what text writes.
func (j *jsonOption) output(w io.Writer, value any, text func(io.Writer) error) error {
	if j.json {
		return writeJSON(w, value)
	}
	return text(w)
}

// writeJSON writes a value as other programs read it.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
