package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	acmeProfiles = "[profile acme]\nregion = us-west-2\n\n[profile acme-prod-admin]\nsource_profile = acme\n"
	acmeBlock    = "# >>> coldstart acme: written by coldstart aws-config --write\n" + acmeProfiles + "# <<< coldstart acme\n"
)

// TestMergeProfiles replaces what was written before, and nothing else.
func TestMergeProfiles(t *testing.T) {
	t.Parallel()
	const mine, other = "[default]\nregion = eu-west-1\n", "# >>> coldstart z: written by coldstart aws-config --write\n[profile z]\n# <<< coldstart z\n"
	old := strings.Replace(acmeBlock, "acme-prod-admin", "acme-gone-admin", 1)
	for content, want := range map[string]string{
		"":                         acmeBlock,
		mine:                       mine + "\n" + acmeBlock,
		mine + "\n" + acmeBlock:    mine + "\n" + acmeBlock,
		mine + old + "# mine too":  mine + acmeBlock + "# mine too",
		"[default]":                "[default]\n\n" + acmeBlock,
		other + acmeBlock + mine:   other + acmeBlock + mine,
		"[profile acme-prod]\n":    "[profile acme-prod]\n\n" + acmeBlock,
		mine + "\n\n" + old + mine: mine + "\n\n" + acmeBlock + mine,
	} {
		got, err := mergeProfiles(content, "acme", acmeProfiles)
		if err != nil || got != want {
			t.Errorf("%q became %q (%v), not %q", content, got, err, want)
		}
		if again, err := mergeProfiles(got, "acme", acmeProfiles); err != nil || again != got {
			t.Errorf("%q became %q again, %v", content, again, err)
		}
	}
	for content, want := range map[string]string{
		acmeProfiles:                      "[profile acme] is there already",
		acmeBlock + "[ profile  acme ]\n": "[profile acme] is there already",
		strings.TrimSuffix(acmeBlock, "# <<< coldstart acme\n"): `the line "# <<< coldstart acme" is missing`,
	} {
		if _, err := mergeProfiles(content, "acme", acmeProfiles); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %q", content, err, want)
		}
	}
}

// TestReplaceProfiles leaves links and permissions as they are.
func TestReplaceProfiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "dotfiles"), filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte("[default]\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	o := &AWSConfigOptions{getenv: func(string) string { return link }}
	o.streams.Err = &said
	for range 2 {
		if err := o.replaceProfiles("acme", acmeProfiles); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil || string(content) != "[default]\n\n"+acmeBlock || !strings.Contains(said.String(), "has 2 profiles of organization acme") {
		t.Errorf("%v: %q, said %q", err, content, said.String())
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	// Where there is none, it is made for this user alone.
	made := filepath.Join(dir, "new", "config")
	o.getenv = func(string) string { return made }
	if err := o.replaceProfiles("acme", acmeProfiles); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(made); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the new file is %v, %v", info.Mode(), err)
	}
}
