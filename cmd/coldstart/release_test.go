package main_test

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// systems are those that a release is for.
var systems = []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64"}

// What `make snapshot` has built is what docs/releases.md says of a release: for each system the program, its completions and the licences,
// a list of the modules that are in it, and one checksum for each file.
func TestRelease(t *testing.T) {
	t.Parallel()
	dist := os.Getenv("RELEASE")
	if dist == "" {
		t.Skip("NOT TESTED: the files of a release (make snapshot)")
	}
	sums := checksums(t, dist)
	for _, system := range systems {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			archive := only(t, dist, "coldstart_*_"+system+".tar.gz", "coldstart_*_"+system+".zip")
			list := only(t, dist, "coldstart_*_"+system+".cdx.json")
			for _, file := range []string{archive, list} {
				if sum := sha256.Sum256(read(t, file)); sums[filepath.Base(file)] != hex.EncodeToString(sum[:]) {
					t.Errorf("checksums.txt has %q for %s", sums[filepath.Base(file)], filepath.Base(file))
				}
			}
			files := unpacked(t, archive)
			program := "coldstart"
			if strings.HasPrefix(system, "windows") {
				program += ".exe"
			}
			for _, want := range []string{
				program, "LICENSE", "README.md", "CHANGELOG.md", "licenses/iam-data/LICENSE",
				"completions/coldstart.bash", "completions/coldstart.zsh", "completions/coldstart.fish", "completions/coldstart.powershell",
			} {
				if len(files[want]) == 0 {
					t.Errorf("the archive has no %s, or an empty one", want)
				}
			}
			checkModules(t, list)
			if system == runtime.GOOS+"_"+runtime.GOARCH {
				checkProgram(t, files[program])
			}
		})
	}
	if want := 2 * len(systems); len(sums) != want {
		t.Errorf("checksums.txt has %d files instead of %d", len(sums), want)
	}
}

// checkModules finds Pulumi and its AWS SDK, with a version each, in a list of modules in CycloneDX's format.
func checkModules(t *testing.T, file string) {
	t.Helper()
	var list struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(read(t, file), &list); err != nil {
		t.Fatal(err)
	}
	if list.BOMFormat != "CycloneDX" {
		t.Errorf("the list of modules is in the format %q", list.BOMFormat)
	}
	for _, name := range []string{"github.com/pulumi/pulumi/sdk/v3", "github.com/pulumi/pulumi-aws/sdk/v6", "github.com/pulumi/pulumi-docker/sdk/v4"} {
		if !slices.ContainsFunc(list.Components, func(c struct{ Name, Version string }) bool { return c.Name == name && c.Version != "" }) {
			t.Errorf("the list of modules lacks %s", name)
		}
	}
}

// checkProgram runs the program of this system: it knows the commit that it was built from.
func checkProgram(t *testing.T, program []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "coldstart")
	if err := os.WriteFile(path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, "version", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var version struct{ Version, Commit string }
	if err := json.Unmarshal(out, &version); err != nil {
		t.Fatal(err)
	}
	head, err := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	if commit := strings.TrimSpace(string(head)); version.Commit != commit || version.Version == "" {
		t.Errorf("the program says that it is version %q of commit %q, and was built from %s", version.Version, version.Commit, commit)
	}
}

// checksums returns the sums that checksums.txt has, by file.
func checksums(t *testing.T, dist string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(read(t, filepath.Join(dist, "checksums.txt"))))
	for lines.Scan() {
		sum, file, _ := strings.Cut(lines.Text(), "  ")
		sums[file] = sum
	}
	return sums
}

// unpacked returns the files of an archive.
func unpacked(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	if strings.HasSuffix(archive, ".zip") {
		return unzipped(t, archive)
	}
	unzip, err := gzip.NewReader(bytes.NewReader(read(t, archive)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for reader := tar.NewReader(unzip); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = content
	}
}

func unzipped(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	reader, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	files := map[string][]byte{}
	for _, file := range reader.File {
		opened, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		opened.Close()
		files[file.Name] = content
	}
	return files
}

// only returns the one file that is like any of the patterns.
func only(t *testing.T, dist string, patterns ...string) string {
	t.Helper()
	var found []string
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(dist, pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, files...)
	}
	if len(found) != 1 {
		t.Fatalf("%d files are like %q: %q", len(found), patterns, found)
	}
	return found[0]
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
