package toolbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestContext writes the same folder whoever comes first, with permissions that
// don't depend on who runs it.
func TestContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var paths [8]string
	var running sync.WaitGroup
	for i := range paths {
		running.Go(func() {
			var err error
			if paths[i], err = writeContext(dir); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	for _, path := range paths {
		if path != paths[0] {
			t.Fatalf("written to %v", paths)
		}
	}
	got := map[string]fs.FileMode{}
	err := filepath.WalkDir(filepath.Join(dir, contextDir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(filepath.Join(dir, paths[0]), path)
		if err == nil && name != ".." {
			got[name] = info.Mode().Perm()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{".": 0o755, "Dockerfile": 0o644, "toolbox": 0o644, "toolbox.sh": 0o644}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestContextUnwritable says what couldn't be written.
func TestContextUnwritable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := writeContext(file); err == nil {
		t.Error("a context was written below a file")
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]map[string]string{}
	for _, contents := range []map[string]string{
		{}, {"a": ""}, {"": "a"}, {"a": "b", "c": ""}, {"a": "", "c": "b"}, {"a": "b c"}, {"a b": "c"},
	} {
		d := digest(contents)
		if other, twice := seen[d]; twice || len(d) != 12 {
			t.Errorf("%v is %s, and so is %v", contents, d, other)
		}
		seen[d] = contents
	}
}
