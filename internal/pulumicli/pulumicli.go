// Package pulumicli finds the Pulumi CLI that coldstart runs.
//
//	file, version, err := pulumicli.Find(os.Getenv("PATH"))
package pulumicli

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/blang/semver"
)

// minimum is the oldest CLI that has what coldstart asks of it.
var minimum = semver.MustParse("3.200.0")

// Find returns the file and the version of the first Pulumi CLI on a search path, in the form of
// the variable PATH. An empty search path is the process's own. A CLI that is too old is an error.
func Find(searchPath string) (file string, version semver.Version, err error) {
	file, err = lookPath("pulumi", searchPath)
	if err != nil {
		return "", semver.Version{}, fmt.Errorf("no Pulumi CLI: %w; run `make toolchain` and `. .toolchain/env`, or install Pulumi", err)
	}
	version, err = versionOf(file)
	if err != nil {
		return "", semver.Version{}, err
	}
	if version.LT(minimum) {
		return "", semver.Version{}, fmt.Errorf("%s is version %s; coldstart needs %s or newer", file, version, minimum)
	}
	return file, version, nil
}

// lookPath looks an executable up on a search path that need not be the process's.
func lookPath(name, searchPath string) (string, error) {
	if searchPath == "" {
		return exec.LookPath(name)
	}
	for _, dir := range filepath.SplitList(searchPath) {
		if file, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("%s: %w in %s", name, exec.ErrNotFound, searchPath)
}

// versions are those of the CLIs that this process has asked, by file.
var versions sync.Map

// versionOf asks a CLI for its version, once a process.
func versionOf(file string) (semver.Version, error) {
	if version, ok := versions.Load(file); ok {
		return version.(semver.Version), nil
	}
	out, err := exec.Command(file, "version").Output()
	if err != nil {
		return semver.Version{}, fmt.Errorf("%s version: %w", file, err)
	}
	version, err := semver.ParseTolerant(strings.TrimSpace(string(out)))
	if err != nil {
		return semver.Version{}, fmt.Errorf("%s: not a version: %q", file, out)
	}
	versions.Store(file, version)
	return version, nil
}
