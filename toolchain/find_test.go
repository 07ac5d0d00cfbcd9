package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindCLI(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script      string
		version, rejected string
	}{
		{name: "oldest", script: "echo v3.200.0", version: "3.200.0"},
		{name: "newer", script: "echo v3.1000.2", version: "3.1000.2"},
		{name: "development", script: "echo v3.260.0-alpha.x1+dirty", version: "3.260.0"},
		{name: "with a warning", script: "echo warning: beware >&2; echo 3.210.0", version: "3.210.0"},
		{name: "too old", script: "echo v3.199.12", rejected: "is 3.199.12 and 3.200.0 or a later 3.x is needed"},
		{name: "next major version", script: "echo v4.0.0", rejected: "is 4.0.0 and"},
		{name: "without a version", script: "echo", rejected: "doesn't tell its version"},
		{name: "broken", script: "echo no such library; exit 127", rejected: "exit status 127: no such library"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := script(t, filepath.Join(t.TempDir(), cliProgram), test.script)
			tc := toolchain{path: []string{filepath.Join(t.TempDir(), "no-such"), filepath.Dir(path)}}
			cli, rejected := tc.findCLI(t.Context())
			if test.version != "" && (cli == nil || cli.version != test.version || cli.path != path) {
				t.Errorf("findCLI = %v (%s), want %s", cli, rejected, test.version)
			}
			if test.rejected != "" && (cli != nil || !strings.Contains(rejected, test.rejected)) {
				t.Errorf("findCLI = %v (%s), want that it %s", cli, rejected, test.rejected)
			}
		})
	}
}

func TestFindCLIThatIsNotThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, cliProgram), "not executable")
	tc := toolchain{path: []string{dir}}
	if cli, rejected := tc.findCLI(t.Context()); cli != nil || rejected != "" {
		t.Errorf("findCLI = %v, %q, want nothing", cli, rejected)
	}
}

func TestFindHost(t *testing.T) {
	t.Parallel()
	bin, packages := t.TempDir(), t.TempDir()
	target := script(t, filepath.Join(packages, cliProgram), "")
	link := filepath.Join(bin, cliProgram)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	tc := toolchain{path: []string{bin}}
	cli := &program{version: "3.201.0", path: link}
	if host := tc.findHost(cli); host != nil {
		t.Errorf("findHost = %v, want nothing", host)
	}
	beside := script(t, filepath.Join(packages, hostProgram), "")
	if host := tc.findHost(cli); host == nil || host.path != mustEval(t, beside) || host.version != "3.201.0" {
		t.Errorf("findHost = %v, want the one beside the CLI", host)
	}
	onPath := script(t, filepath.Join(bin, hostProgram), "")
	if host := tc.findHost(cli); host == nil || host.path != onPath || host.version != "" {
		t.Errorf("findHost = %v, want the one on PATH", host)
	}
}

func mustEval(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
