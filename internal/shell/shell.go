// Package shell writes text for a POSIX shell to read.
package shell

import "strings"

// Quote quotes a word.
func Quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
