// Package replace gives files another content in one step.
//
//	err := replace.File("Pulumi.master.yaml", content)
package replace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File gives a file another content, with the same mode, or makes the file. Whoever reads
// the file meanwhile, or after a crash, finds the one content or the other.
func File(file string, content []byte) (err error) {
	mode := fs.FileMode(0o644)
	switch target, err := filepath.EvalSymlinks(file); {
	case err == nil:
		file = target // A link stays one.
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name()) // Of two errors, the first counts.
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
