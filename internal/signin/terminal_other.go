//go:build !unix

package signin

// openTerminal returns nil: only Unix tells which terminal a process has.
func openTerminal() Terminal { return nil }
