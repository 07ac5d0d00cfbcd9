//go:build !unix

package signin

// openTerminal returns nil, because other systems than Unix don't tell which terminal a process
// has.
func openTerminal() Terminal { return nil }
