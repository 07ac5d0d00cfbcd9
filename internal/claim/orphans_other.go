//go:build !linux

package claim

// EndOrphans ends nothing: who holds a file can't be seen here. A plugin whose Pulumi was
// killed ends within five minutes.
func EndOrphans(string) int { return 0 }
