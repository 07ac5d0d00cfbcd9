package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oldestCLI is the oldest version of the CLI that is used if it is installed.
// Later ones of its major version are compatible.
var oldestCLI = [3]int{3, 200, 0}

// findCLI returns the CLI that is installed, or nil and, if there is one that
// can't be used, why.
func (t *toolchain) findCLI(ctx context.Context) (cli *program, rejected string) {
	path := t.lookPath(cliProgram)
	if path == "" {
		return nil, ""
	}
	version, err := askVersion(ctx, path)
	if err != nil {
		return nil, fmt.Sprintf("%s doesn't tell its version (%v)", path, err)
	}
	if version[0] != oldestCLI[0] || slices.Compare(version[:], oldestCLI[:]) < 0 {
		return nil, fmt.Sprintf("%s is %s and %s or a later 3.x is needed", path, dotted(version), dotted(oldestCLI))
	}
	return &program{name: cliProgram, version: dotted(version), how: "installed", path: path}, ""
}

// findHost returns the language host that cli would run, or nil: the first on
// PATH, or the one beside cli.
func (t *toolchain) findHost(cli *program) *program {
	if path := t.lookPath(hostProgram); path != "" {
		return &program{name: hostProgram, how: "installed", path: path}
	}
	// A package manager may have put no more than a link to the CLI on PATH.
	target, err := filepath.EvalSymlinks(cli.path)
	if err != nil {
		return nil
	}
	path := filepath.Join(filepath.Dir(target), hostProgram)
	if !executable(path) {
		return nil
	}
	return &program{name: hostProgram, version: cli.version, how: "installed", path: path}
}

func (t *toolchain) lookPath(name string) string {
	for _, folder := range t.path {
		if path := filepath.Join(folder, name); executable(path) {
			return path
		}
	}
	return ""
}

// askVersion asks the CLI at path for its version.
func askVersion(ctx context.Context, path string) ([3]int, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	out, err := command{args: []string{path, "version"}, env: []string{"PULUMI_SKIP_UPDATE_CHECK=true"}}.run(ctx)
	if err != nil {
		return [3]int{}, err
	}
	for line := range strings.Lines(string(out)) { // There may be warnings, too.
		if version, ok := parseVersion(line); ok {
			return version, nil
		}
	}
	return [3]int{}, fmt.Errorf("it says %q", strings.TrimSpace(string(out)))
}

// parseVersion reads "v3.200.1", and "3.200.1-dev.1" as the same.
func parseVersion(s string) (version [3]int, ok bool) {
	core, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "v"), "-")
	core, _, _ = strings.Cut(core, "+")
	numbers := strings.Split(core, ".")
	if len(numbers) != len(version) {
		return version, false
	}
	for i, number := range numbers {
		var err error
		if version[i], err = strconv.Atoi(number); err != nil {
			return version, false
		}
	}
	return version, true
}

func dotted(v [3]int) string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }
