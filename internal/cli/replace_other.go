//go:build !unix

package cli

// replaceProcess does nothing here: what keeps the environment from the programs that a
// rehearsal starts has to do.
func replaceProcess(string, []string, []string) error { return nil }
