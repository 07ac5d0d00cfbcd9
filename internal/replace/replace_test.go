package replace_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/replace"
)

// TestReplace replaces a new file, one with a mode of its own, and one behind a link.
func TestReplace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replace func(string, []byte) error
		// Modes of a new file, and of one that had mode 0640.
		made, kept fs.FileMode
		follows    bool
	}{
		"file":   {replace.File, 0o644, 0o640, true},
		"secret": {replace.Secret, 0o600, 0o600, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			made, kept, target, link := filepath.Join(dir, "made"), filepath.Join(dir, "kept"), filepath.Join(dir, "target"), filepath.Join(dir, "link")
			for _, file := range []string{kept, target} {
				if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(file, 0o640); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(target, link); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{made, kept, link} {
				if err := c.replace(file, []byte("new")); err != nil {
					t.Fatal(err)
				}
				if content, err := os.ReadFile(file); err != nil || string(content) != "new" {
					t.Errorf("%s: %v, %s", file, err, content)
				}
			}
			for file, want := range map[string]fs.FileMode{made: c.made, kept: c.kept} {
				if info, err := os.Stat(file); err != nil || info.Mode() != want {
					t.Errorf("%s: %v, %v", file, err, info.Mode())
				}
			}
			info, err := os.Lstat(link)
			if err != nil || (info.Mode()&fs.ModeSymlink != 0) != c.follows {
				t.Errorf("the link: %v, %v", err, info.Mode())
			}
			want := map[bool]string{true: "new", false: "old"}[c.follows]
			if content, err := os.ReadFile(target); err != nil || string(content) != want {
				t.Errorf("the link's target: %v, %s", err, content)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 4 {
				t.Errorf("%v: %d files are left", err, len(left))
			}
			if err := c.replace(filepath.Join(dir, "none", "file"), nil); err == nil {
				t.Error("a file was made in a folder that doesn't exist")
			}
		})
	}
}
