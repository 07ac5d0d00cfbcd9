// Package environ looks up environment variables of another program. That program has the
// environment of this process, with additions.
package environ

import "os"

// Lookup returns a variable's value among the additions, even an empty one, or else in this
// process.
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
