// Package testprogram writes programs that a test runs:
//
//	testprogram.Write(t, filepath.Join(dir, "pulumi"), "#!/bin/sh\necho v3.259.0\n")
//
// Linux doesn't run a file that is open for writing ("text file busy"). A process that another test forks
// meanwhile has all open files until it is another program, so a file that was written and closed can still
// be open. A test that writes programs in another way fails now and then.
// https://go.dev/issue/22315
package testprogram

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Write writes a program, and the folders that it is in.
func Write(t testing.TB, file, content string) {
	t.Helper()
	if err := write(file, content); err != nil {
		t.Fatal(err)
	}
}

// write writes a program while this process forks no other.
func write(file, content string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(content), 0o700) //nolint:gosec // It is run.
}
