//go:build !linux && !darwin

package doctor

import "errors"

// writable can't be asked without trying.
func writable(string) error { return nil }

func freeSpace(string) (int64, error) { return 0, errors.ErrUnsupported }
