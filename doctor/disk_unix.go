//go:build linux || darwin

package doctor

import "golang.org/x/sys/unix"

// writable asks, without trying, whether files can be made in a folder.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// freeSpace returns how many bytes the disk of a folder has left for us.
func freeSpace(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:gosec,unconvert // They differ by system, and no disk is that large.
}
