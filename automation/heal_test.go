package automation

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What a full disk left half-written is put right, and nothing else is touched.
func TestHealHalfWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		".pulumi/meta.yaml":                                   "version: 1\n",
		".pulumi/stacks/coldstart/master.json":                `{"version": 3, "che`,
		".pulumi/stacks/coldstart/master.json.bak":            `{"version": 3}`,
		".pulumi/stacks/coldstart/master.json.attrs":          ``,
		".pulumi/stacks/coldstart/prod.json":                  `{"version": 3, "a": 1}`,
		".pulumi/stacks/coldstart/prod.json.bak":              `{"version": 3}`,
		".pulumi/stacks/coldstart/lost.json":                  ``,
		".pulumi/stacks/coldstart/lost.json.bak":              `{`,
		".pulumi/locks/organization/coldstart/m/a.json":       `{"pid":`,
		".pulumi/locks/organization/coldstart/p/b.json":       `{"pid": 7}`,
		".pulumi/locks/organization/coldstart/m/c.json.1.tmp": `{"pi`,
		".pulumi/locks/organization/coldstart/p/c.json":       `{"pi`,
		".pulumi/locks/organization/coldstart/p/d.json.1.tmp": ``,
		".pulumi/stacks/coldstart/prod.json.1.tmp":            `{"ver`,
		".pulumi/history/coldstart/m/m-1.checkpoint.json":     `{"half`,
	} {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	ours := func(stack string, _ time.Time) bool { return stack == "m" }
	healed, err := heal(dir, ours)
	if err != nil || healed != 4 {
		t.Errorf("healed %d files: %v", healed, err)
	}
	got := map[string]string{}
	for _, name := range []string{
		"stacks/coldstart/master.json", "stacks/coldstart/master.json.attrs", "stacks/coldstart/prod.json", "stacks/coldstart/lost.json", "locks/organization/coldstart/m/a.json", "locks/organization/coldstart/p/b.json",
		"locks/organization/coldstart/m/c.json.1.tmp", "locks/organization/coldstart/p/c.json", "locks/organization/coldstart/p/d.json.1.tmp", "stacks/coldstart/prod.json.1.tmp",
	} {
		if content, err := os.ReadFile(filepath.Join(dir, ".pulumi", name)); err == nil {
			got[name] = string(content)
		}
	}
	if diff := cmp.Diff(map[string]string{
		"stacks/coldstart/master.json":          `{"version": 3}`,
		"stacks/coldstart/prod.json":            `{"version": 3, "a": 1}`,
		"stacks/coldstart/lost.json":            ``,
		"locks/organization/coldstart/p/b.json": `{"pid": 7}`,
		// Locks, with their names and without, that aren't ours, and half a state.
		"locks/organization/coldstart/p/c.json":       `{"pi`,
		"locks/organization/coldstart/p/d.json.1.tmp": ``,
		"stacks/coldstart/prod.json.1.tmp":            `{"ver`,
	}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if healed, err := heal(dir, ours); healed != 0 || err != nil {
		t.Errorf("healed %d files again: %v", healed, err)
	}
}

// Of several errors of the CLI each is kept.
func TestSummarizeList(t *testing.T) {
	t.Parallel()
	err := summarize(errors.New("code: 1\nstdout: \nstderr: error: 2 errors occurred:\n    1) writing the lock: no space left on device\n    2) Unknown\n\n"))
	if want := "writing the lock: no space left on device; " + ofMachine[len(ofMachine)-1].remedy + "\nUnknown"; err.Error() != want {
		t.Errorf("got %q", err)
	}
}
