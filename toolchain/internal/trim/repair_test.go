package trim

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// miniature is smithy-go's wrapper of bodies without what the repair has nothing
// to do with.
const miniature = `package main

import (
	"io"
	"sync"
)

type safeReadCloser struct {
	readCloser io.ReadCloser
	closed     bool
	mtx        sync.Mutex
}

func (r *safeReadCloser) Read(p []byte) (int, error) {
	r.mtx.Lock()
	defer r.mtx.Unlock()
	if r.closed {
		return 0, io.EOF
	}
	return r.readCloser.Read(p)
}

func (r *safeReadCloser) Close() error {
	r.mtx.Lock()
	defer r.mtx.Unlock()
	r.closed = true
	return r.readCloser.Close()
}

type safeWriteToReadCloser struct {
	*safeReadCloser
}

func (r *safeWriteToReadCloser) WriteTo(w io.Writer) (int64, error) {
	r.safeReadCloser.mtx.Lock()
	defer r.safeReadCloser.mtx.Unlock()

	if r.safeReadCloser.closed {
		return 0, io.EOF
	}

	return r.safeReadCloser.readCloser.(io.WriterTo).WriteTo(w)
}
`

// late does with a body what the AWS SDK and Go's HTTP client do between them:
// it is read, closed, and read once more.
// repair is what changes in safeReader.
var repair = []string{closedIsEOF, closedIsDone}

const late = `package main

import (
	"fmt"
	"io"
	"strings"
)

func main() {
	body := &safeWriteToReadCloser{&safeReadCloser{readCloser: io.NopCloser(strings.NewReader("all of it"))}}
	n, err := io.Copy(io.Discard, body)
	fmt.Println(n, err)
	body.Close()
	n, err = io.Copy(io.Discard, body)
	fmt.Println(n, err)
	_, err = body.Read(make([]byte, 1))
	fmt.Println(err == io.EOF)
}
`

func TestRepairedReaderIsDoneWhenClosed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, want string }{
		{"as it is", "9 <nil>\n0 EOF\ntrue\n"},
		{"repaired", "9 <nil>\n0 <nil>\ntrue\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "safe.go")
			write(t, file, miniature)
			if test.name == "repaired" {
				repaired, err := changed(file, repair)
				if err != nil {
					t.Fatal(err)
				}
				write(t, file, string(repaired))
			}
			write(t, filepath.Join(dir, "main.go"), late)
			cmd := exec.Command("go", "run", "safe.go", "main.go")
			cmd.Dir = dir
			cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=", "GO111MODULE=off")
			got, err := cmd.CombinedOutput()
			if err != nil || string(got) != test.want {
				t.Errorf("it prints %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

// A plugin with an unrepaired reader would fail once in 2,000 calls, so what the
// repair doesn't fit ends the build.
func TestRepairOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"repaired by its authors": strings.Replace(miniature, closedIsEOF, closedIsDone, 1),
		"written differently":     strings.ReplaceAll(miniature, "r.safeReadCloser.closed", "r.closed"),
		"twice":                   miniature + closedIsEOF,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "safe.go")
			write(t, file, content)
			_, err := changed(file, repair)
			if err == nil || !strings.Contains(err.Error(), file+" isn't what the change was made for") {
				t.Errorf("error = %v, want one that names the file", err)
			}
		})
	}
	if _, err := changed(filepath.Join(t.TempDir(), "safe.go"), repair); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want that it isn't there", err)
	}
}

func TestPluginStopsAtAReaderThatIsNotTheOne(t *testing.T) {
	t.Parallel()
	root, out := modules(t), t.TempDir()
	write(t, filepath.Join(root, filepath.FromSlash(safeReader)), "package io\n")
	if _, err := Plugin(root, out, []string{"iam"}); err == nil || !strings.Contains(err.Error(), "smithy-go") {
		t.Errorf("error = %v, want one about smithy-go", err)
	}
	if files, err := os.ReadDir(out); err != nil || len(files) > 0 {
		t.Errorf("it wrote %v (%v), want nothing", files, err)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
