// Package environ looks up variables of the environment in which another program runs: the
// environment of this process, with additions.
package environ

import "os"

// Lookup returns a variable: the addition, also an empty one, or else what this process has.
func Lookup(additions map[string]string, name string) string {
	if value, added := additions[name]; added {
		return value
	}
	return os.Getenv(name)
}

// Of returns Lookup for the given additions.
func Of(additions map[string]string) func(name string) string {
	return func(name string) string { return Lookup(additions, name) }
}
