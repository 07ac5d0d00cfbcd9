package main

import (
	"os"
	"regexp"
	"testing"
)

// The container for development has the Go that go.mod asks for, up to its patch version, which Go fetches.
func TestDevcontainerHasTheGoOfTheModule(t *testing.T) {
	t.Parallel()
	find := func(file, pattern string) string {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(content)
		if found == nil {
			t.Fatalf("%s has no %s", file, pattern)
		}
		return string(found[1])
	}
	module := find("../go.mod", `(?m)^go (\d+\.\d+)`)
	if container := find("../.devcontainer/devcontainer.json", `devcontainers/go:\d+-(\d+\.\d+)-`); container != module {
		t.Errorf("the container has Go %s, and go.mod asks for %s", container, module)
	}
}
