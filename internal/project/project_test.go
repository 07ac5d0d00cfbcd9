package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"name: coldstart\nruntime: go\nbackend:\n  url: file://./x\n": "",
		"name: infra\nruntime: go\n":                                  "the project's name is \"infra\": write `name: coldstart` again",
		"runtime: go\n":                                               "the project's name is \"\"",
		"name: [coldstart\n":                                          "did not find expected",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, File), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Read(dir)
		switch {
		case want == "" && (err != nil || p.Backend.URL != "file://./x"):
			t.Errorf("%+v, %v", p, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir)):
			t.Errorf("%q: %v", content, err)
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not the project's folder") {
		t.Errorf("no file: %v", err)
	}
}
