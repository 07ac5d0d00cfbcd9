package trim

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/toolchain/internal/trim/trimtest"
)

// cliInMiniature is what CLI changes, without what doesn't matter for it, as a module that
// can be compiled once openAPI isn't imported any more.
func cliInMiniature() map[string]string {
	files := map[string]string{
		"github.com/go.mod": "module github.com\n\ngo 1.25\n",
		apiCommand + "/spec.go": `package cloud

import (
	"errors"
	"fmt"

	"` + openAPI + `"
	v3high "` + openAPI + `/datamodel/high/v3"
)

type Operation struct{ Key string }

func LoadIndex(data []byte) ([]*Operation, error) {
	if len(data) == 0 {
		return nil, errors.New("no data")
	}
	return parseIndex(data)
}

func parseIndex(data []byte) ([]*Operation, error) {
	doc, err := libopenapi.NewDocument(data)
	if err != nil {
		return nil, fmt.Errorf("parsing: %w", err)
	}
	return parse(newRenderer(doc)), nil
}

func parse(r *renderer) []*Operation { return []*Operation{{Key: r.op.Key}} }

func Spaces(n int) string { return fmt.Sprint(n) }

type renderer struct{ op *v3high.Operation }
`,
		apiCommand + "/schema.go": `package cloud

import (
	"os"

	"` + openAPI + `/orderedmap"
	"github.com/yaml/v4"
)

func newRenderer(doc any) *renderer {
	orderedmap.Len(doc)
	os.Exit(1)
	return nil
}

func (r *renderer) render() string { return Spaces(1) }

func Enum(n yaml.Node) string { return string(n) }
`,
		apiCommand + "/list.go": `package cloud

func List() (string, error) {
	ops, err := LoadIndex([]byte("some"))
	if err != nil {
		return "", err
	}
	return ops[0].Key + Spaces(2) + Enum("3"), nil
}
`,
		directPath:                   trimtest.DirectPath,
		"github.com/yaml/v4/yaml.go": "package yaml\n\ntype Node string\n",
	}
	for _, module := range strength {
		files[module+"/frequency/frequency.go"] = `package frequency

var Lists = map[string]string{}

func init() {
	maleFilePath := "Adam"
	Lists["male"] = maleFilePath
}
`
		files[module+"/matching/matching.go"] = `package matching

import "` + module + `/frequency"

var sorted map[string]string

func init() {
	loadFrequencyList()
}

func Sorted() int { return len(sorted) }

func Match() int {
	if sorted == nil {
		loadFrequencyList()
	}
	return len(sorted)
}

func loadFrequencyList() {
	sorted = frequency.Lists
}
`
	}
	return files
}

// The CLI that is left compiles, its api command says what it lacks, and the lists of words
// are there when they are asked for and not before.
func TestCLI(t *testing.T) {
	t.Parallel()
	const folder = "src"
	files := map[string]string{}
	for name, content := range cliInMiniature() {
		if inModule, ok := strings.CutPrefix(name, "github.com/"); ok {
			name = folder + "/" + inModule
		}
		files[name] = content
	}
	files[folder+"/main.go"] = `package main

import (
	"fmt"

	"` + apiCommand + `"
	one "` + strength[0] + `/matching"
	two "` + strength[1] + `/matching"
)

func main() {
	fmt.Println(one.Sorted(), two.Sorted(), one.Match(), two.Match())
	_, err := cloud.List()
	fmt.Println(err)
}
`
	root := written(t, files)
	src := filepath.Join(root, folder)
	// CLI finds the module's folder under its path.
	if err := os.Symlink(src, filepath.Join(root, "github.com")); err != nil {
		t.Fatal(err)
	}
	replace, err := CLI(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for original, changed := range replace {
		content, err := os.ReadFile(changed)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(original, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir = src
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	checkImports(t, filepath.Join(root, filepath.FromSlash(directPath)), nil)
	const want = "0 0 1 1\nthis pulumi was built without its api command; install Pulumi's own release to use it\n"
	if string(out) != want {
		t.Errorf("it says:\n%swant:\n%s", out, want)
	}
}

func TestCLIOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct{ file, old, new, want string }{
		"no entry":      {apiCommand + "/spec.go", "func parseIndex(", "func readIndex(", "parseIndex"},
		"another init":  {strength[0] + "/matching/matching.go", "func init() {", "func init() { // Sorts.", "matching.go isn't what"},
		"another way":   {directPath, "google.golang.org/grpc/xds/", "google.golang.org/xds/", "grpc_dp.go isn't what"},
		"another lists": {strength[1] + "/frequency/frequency.go", "maleFilePath := ", "first := ", "frequency.go isn't what"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := cliInMiniature()
			files[change.file] = strings.Replace(files[change.file], change.old, change.new, 1)
			_, err := CLI(written(t, files), t.TempDir())
			if err == nil || !strings.Contains(err.Error(), change.want) {
				t.Errorf("error = %v, want one with %q", err, change.want)
			}
		})
	}
}
