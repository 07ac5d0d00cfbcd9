package cli

import (
	"fmt"
	"path/filepath"
	"strings"
)

// orDash returns a text for a cell of a table that would otherwise be empty.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// countOf returns "1 file" or "2 files".
func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// indent returns a text with two spaces before each line.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// inDir returns the flag that a command needs to work in a folder, for commands
// that are printed.
func inDir(dir string) string {
	if filepath.Clean(dir) == "." {
		return ""
	}
	return " -C " + dir
}
