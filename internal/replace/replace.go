// Package replace replaces a file as a whole, so that no reader ever sees half of it.
//
//	err := replace.File("Pulumi.master.yaml", content)
package replace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File replaces the content of a file and keeps its mode, or creates the file. A program that reads
// the file in the meantime, or after a crash, finds the old content or the new one.
func File(file string, content []byte) error {
	mode := fs.FileMode(0o644)
	switch target, err := filepath.EvalSymlinks(file); {
	case err == nil:
		file = target // A symbolic link stays a link.
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return write(file, content, mode)
}

// Secret replaces the content of a file, or creates the file, so that only its owner can read
// it. A symbolic link in the file's place is replaced itself: its target may belong to
// another user.
func Secret(file string, content []byte) error {
	return write(file, content, 0o600)
}

func write(file string, content []byte, mode fs.FileMode) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*") // Its mode is 0600.
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name()) // If both fail, the first error counts.
		}
	}()
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Chmod(mode)
	}
	if err == nil {
		err = temporary.Sync()
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), file)
}
