package testprogram

import (
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
)

// A program can be run at once, however many processes are forked at the same time.
func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var forking errgroup.Group
	var done atomic.Bool
	for range 4 {
		forking.Go(func() error {
			for !done.Load() {
				if err := exec.Command("true").Run(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for range 50 {
		Write(t, filepath.Join(dir, "bin", "program"), "#!/bin/sh\nexit 0\n")
		if err := exec.Command(filepath.Join(dir, "bin", "program")).Run(); err != nil { //nolint:gosec // The test's own.
			t.Fatal(err)
		}
	}
	done.Store(true)
	if err := forking.Wait(); err != nil {
		t.Fatal(err)
	}
}
