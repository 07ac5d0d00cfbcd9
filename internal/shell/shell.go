// Package shell quotes words for a POSIX shell.
//
//	fmt.Printf("export AWS_PROFILE=%s\n", shell.Quote(profile))
package shell

import "strings"

// Quote returns a word in quotes, so that a shell reads it unchanged.
func Quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
