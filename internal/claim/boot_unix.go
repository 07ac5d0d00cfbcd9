//go:build unix && !linux && !darwin

package claim

// bootID is empty: what names the time that the machine has been up isn't known here.
func bootID() string { return "" }
