//go:build linux || darwin

package doctor

import "golang.org/x/sys/unix"

// writable finds out whether files can be created in a folder, without creating one.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// freeSpace returns how many bytes this user can still write to the disk of a folder.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:gosec,unconvert // They differ by system, and no disk is that large.
}
