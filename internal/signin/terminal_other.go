//go:build !unix

package signin

// openTerminal returns nil: which terminal a process has is only known on Unix.
func openTerminal() Terminal { return nil }
