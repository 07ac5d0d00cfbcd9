//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// TestInstalled installs a release without a checkout, as a user does. The program that init
// writes then has to have modules that Go finds, and to compile.
func TestInstalled(t *testing.T) {
	begin(t)
	release := publish(t)
	dir := filepath.Join(t.TempDir(), "organization")
	installed := filepath.Join(t.TempDir(), "coldstart")
	env := append(slices.Clone(release.env), "GOBIN="+filepath.Dir(installed))
	does := func(in string, args ...string) string {
		t.Helper()
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = in, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
	does(t.TempDir(), "go", "install", release.module.Path+"/cmd/coldstart@"+release.module.Version)
	contains(t, does(t.TempDir(), installed, "version"), release.module.Version)
	written := does(t.TempDir(), installed, "init", dir, "--github", "--yes", "--namespace", "acme", "--domain", "acme.example")
	contains(t, written, filepath.Join(dir, "main.go"), filepath.Join(dir, "go.mod"), filepath.Join(dir, ".github/workflows/up.yaml"))
	does(dir, "go", "mod", "tidy")
	does(dir, "go", "build", "-o", filepath.Join(t.TempDir(), "program"), ".")
}

// published is a version of coldstart in a module proxy, and the environment in which Go finds
// the version.
type published struct {
	module module.Version
	env    []string
}

// publish creates a [module proxy] with the checkout as a release. The version depends on the
// content, so Go's module cache never has another content for it.
//
// [module proxy]: https://go.dev/ref/mod#goproxy-protocol
func publish(t *testing.T) published {
	t.Helper()
	release := module.Version{Path: "github.com/coldstart-aws/coldstart", Version: "v0.0.0-test"}
	files := filesOfModule(t)
	var content bytes.Buffer
	must(t, zip.Create(&content, release, files))
	release.Version = "v0.0.0-" + letters(sha256.Sum256(content.Bytes()))
	content.Reset()
	must(t, zip.Create(&content, release, files))
	info, err := json.Marshal(map[string]string{"Version": release.Version})
	must(t, err)
	mod, err := os.ReadFile("../go.mod")
	must(t, err)

	proxy := t.TempDir()
	versions := filepath.Join(proxy, release.Path, "@v")
	must(t, os.MkdirAll(versions, 0o700))
	for name, text := range map[string][]byte{
		"list": []byte(release.Version), release.Version + ".info": info, release.Version + ".mod": mod, release.Version + ".zip": content.Bytes(),
	} {
		must(t, os.WriteFile(filepath.Join(versions, name), text, 0o600))
	}
	t.Cleanup(func() { forget(t, release) })
	return published{release, append(os.Environ(), "GOPROXY=file://"+proxy+","+goEnv(t, "GOPROXY"), "GOPRIVATE=", "GONOPROXY=",
		"GONOSUMDB="+release.Path, "GOWORK=off", "GOFLAGS="+goEnv(t, "GOFLAGS")+" -modcacherw")}
}

// letters writes the beginning of a checksum in letters. With digits, the version could look
// like one that Go makes up for a commit without a release.
func letters(sum [sha256.Size]byte) string {
	text := make([]byte, 0, sha256.Size)
	for _, b := range sum[:8] {
		text = append(text, 'a'+b>>4, 'a'+b&15)
	}
	return string(text)
}

// forget removes a version from Go's module cache, with the list of versions. Go downloads the
// list again.
func forget(t *testing.T, release module.Version) {
	t.Helper()
	cache := goEnv(t, "GOMODCACHE")
	versions := filepath.Join(cache, "cache/download", release.Path, "@v")
	downloaded, err := filepath.Glob(filepath.Join(versions, release.Version+".*"))
	must(t, err)
	for _, file := range append(downloaded, filepath.Join(versions, "list"), filepath.Join(cache, release.String())) {
		must(t, os.RemoveAll(file))
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}

// moduleFile is a file of the checkout, as package zip needs it.
type moduleFile struct{ name string }

func (f moduleFile) Path() string                 { return f.name }
func (f moduleFile) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join("..", f.name)) }
func (f moduleFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join("..", f.name)) }

// filesOfModule returns the files in the checkout that belong to coldstart's module: those that
// git tracks or would add, without the files of modules in subfolders.
func filesOfModule(t *testing.T) []zip.File {
	t.Helper()
	out, err := exec.Command("git", "-C", "..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skipf("NOT TESTED: what an installed coldstart writes: git doesn't list the files of this checkout: %v", err)
	}
	names := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	var below []string
	for _, name := range names {
		if folder, file := path.Split(name); file == "go.mod" && folder != "" {
			below = append(below, folder)
		}
	}
	var files []zip.File
	for _, name := range names {
		file := moduleFile{name}
		if slices.ContainsFunc(below, func(folder string) bool { return strings.HasPrefix(name, folder) }) {
			continue
		}
		if _, err := file.Lstat(); err == nil { // Git lists deleted files, too.
			files = append(files, file)
		}
	}
	return files
}
