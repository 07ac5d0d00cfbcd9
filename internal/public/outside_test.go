//go:build !race

package public_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAnotherModule compiles a program of another module that embeds coldstart. What public
// packages need of internal ones in their declarations stops it.
func TestAnotherModule(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for from, to := range map[string]string{"testdata/outside/main.go": "main.go", filepath.Join(root, "go.sum"): "go.sum"} {
		content, err := os.ReadFile(from) //nolint:gosec // Both are this repository's.
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, to), string(content))
	}
	write(t, filepath.Join(dir, "go.mod"), fmt.Sprintf("module outside.example\n\ngo 1.26.6\n\nrequire %[1]s v0.0.0\n\nreplace %[1]s => %[2]s\n", module, root))
	// Vetting compiles the program. Linking it would take half a minute and find no more.
	vet := exec.CommandContext(t.Context(), "go", "vet", ".")
	vet.Dir, vet.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
