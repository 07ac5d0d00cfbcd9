// Command pin writes the go.mod and go.sum of a rendered repository: what its main.go
// needs, in the versions of coldstart's own go.mod. It runs in the folder above, by
// `go generate`.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/coldstart-aws/coldstart/internal/repository"
)

func main() {
	if err := pin(filepath.Join("..", ".."), "templates"); err != nil {
		fmt.Fprintln(os.Stderr, "pin:", err)
		os.Exit(1)
	}
}

// pin starts from coldstart's go.mod and leaves out what isn't needed.
func pin(root, folder string) error {
	dir, err := os.MkdirTemp("", "pin-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // It is in the folder for temporary files.
	templates, err := repository.LoadTemplates(nil)
	if err != nil {
		return err
	}
	// With all that there may be.
	files, err := templates.Render(repository.Facts{Network: "10.0.0.0/16", GitHub: &repository.GitHub{}})
	if err != nil {
		return err
	}
	for name, file := range files {
		if filepath.Ext(name) != ".go" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), file.Content, 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"mod", "edit", "-module=infrastructure"},
		{"mod", "tidy"},
		// Pulumi's Go host asks this to find plugins, and Go notes in go.sum what it
		// has looked at: the first preview would leave a changed file.
		{"list", "-m", "-mod=mod", "all"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		if err := cmd.Run(); err != nil {
			return err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name+".tmpl"), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
