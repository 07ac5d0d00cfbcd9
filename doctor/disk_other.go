//go:build !linux && !darwin

package doctor

import "errors"

// writable always succeeds: other systems than Unix can't tell without writing.
func writable(string) error { return nil }

func freeSpace(string) (int64, error) { return 0, errors.ErrUnsupported }
