package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/toolchain/internal/trim"
)

// goEnv keeps the user's workspace and flags out of builds: -mod=mod, say,
// would let them use other versions than go.sum's under the same key. Programs need no C, as
// Pulumi's own releases. A compiler that collects its garbage less often takes a fifth less
// time, and 2 GB where it took 1.5.
var goEnv = []string{"GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0", "GOGC=400"}

// stripped leaves debug information out of a program, half of the size.
const stripped = "-ldflags=-s -w"

// reduced has the compiler write no debug information, which is a fifth of its work, and
// inline nothing in the packages of rare, which is another half: EC2's client alone took 111
// seconds and takes 44.
var reduced = func() []string {
	flags := []string{"-gcflags=all=-dwarf=false"}
	for _, packages := range rare {
		flags = append(flags, "-gcflags="+packages+"=-dwarf=false -l")
	}
	return flags
}()

// rare are large packages that do little: mostly generated clients, and what other clouds
// and other commands need.
var rare = []string{
	"github.com/aws/aws-sdk-go-v2/service/...", "github.com/hashicorp/terraform-provider-aws/internal/service/...",
	"cloud.google.com/...", "google.golang.org/api/...", "google.golang.org/genproto/...", "github.com/Azure/...",
	"github.com/alecthomas/...", "github.com/pulumi/pulumi/pkg/v3/codegen/...",
}

// What a build takes of one core, from nothing. The tests' machine has two.
const (
	workOfCLI    = 9 * time.Minute
	workOfHost   = time.Minute
	workOfPlugin = 10 * time.Minute
)

// golang runs the go command in dir.
func (t *toolchain) golang(ctx context.Context, dir string, args ...string) error {
	c := command{args: append([]string{t.goTool}, args...), dir: dir, env: goEnv}
	_, err := c.run(ctx)
	return err
}

// buildCLI builds the Pulumi CLI without what takes long and is of no use to coldstart.
func (t *toolchain) buildCLI(ctx context.Context, dir string) error {
	defer t.report.watch("building the Pulumi CLI", workOfCLI)()
	return t.buildTrimmed(ctx, dir, trimmed{
		source:  "pulumi",
		files:   []string{"go.mod", "go.sum"},
		modules: trim.CLIModules,
		overlay: trim.CLI,
		flags:   versioned(cliVersion),
		pkg:     "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		program: cliProgram,
	})
}

func (t *toolchain) buildHost(ctx context.Context, dir string) error {
	defer t.report.watch("building Pulumi's Go language host", workOfHost)()
	return t.compile(ctx, filepath.Join(t.source, "language-go"), versioned(hostVersion),
		"-o", filepath.Join(dir, hostProgram), "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go")
}

// versioned sets the version that a program of Pulumi's reports, as its own
// builds do. The Automation API refuses a CLI that has none.
func versioned(version string) string {
	return stripped + " -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + version
}

// buildPlugin builds the AWS plugin from the sources of the Terraform AWS provider, cut down
// to services.
func (t *toolchain) buildPlugin(ctx context.Context, dir string) error {
	defer t.report.watch("building the AWS plugin", workOfPlugin)()
	return t.buildTrimmed(ctx, dir, trimmed{
		source:  "aws",
		files:   []string{"main.go", "macie/organizationconfiguration.go", "tokens.json", "go.mod", "go.sum"},
		modules: trim.PluginModules,
		overlay: func(modules, out string) (map[string]string, error) {
			return trim.Plugin(modules, out, services)
		},
		flags:   stripped,
		pkg:     ".",
		program: pluginProgram,
	})
}

// trimmed is a program some of whose files are changed before they are compiled.
type trimmed struct {
	source  string   // the folder of its sources, among the toolchain's
	files   []string // the sources in it
	modules []string // the modules of which files are changed
	overlay func(modules, out string) (map[string]string, error)
	flags   string
	pkg     string
	program string
}

// compile runs go build in dir, one at a time: two at once would both compile what they share,
// and each takes all cores. -trimpath has the second recognise what the first compiled in
// another folder.
func (t *toolchain) compile(ctx context.Context, dir, flags string, args ...string) error {
	t.compiling.Lock()
	defer t.compiling.Unlock()
	return t.golang(ctx, dir, slices.Concat([]string{"build", "-trimpath", flags}, reduced, args)...)
}

// buildTrimmed builds p into dir.
func (t *toolchain) buildTrimmed(ctx context.Context, dir string, p trimmed) error {
	work := filepath.Join(dir, "work-"+p.source)
	if err := t.copySources(work, p); err != nil {
		return fmt.Errorf("copying the sources of %s: %w", p.program, err)
	}
	modules, replace, err := t.linkModules(ctx, work, p.modules)
	if err != nil {
		return err
	}
	overlay, err := writeOverlay(work, modules, replace, p.overlay)
	if err != nil {
		return fmt.Errorf("cutting the sources of %s down: %w", p.program, err)
	}
	// This fetches what is to be compiled, and no module that only the whole program needs.
	if err := t.golang(ctx, work, "list", "-overlay", overlay, "-deps", "-f={{with .Error}}{{.}}{{end}}", p.pkg); err != nil {
		return err
	}
	if err := t.compile(ctx, work, p.flags, "-overlay", overlay,
		"-o", filepath.Join(dir, filepath.FromSlash(p.program)), p.pkg); err != nil {
		return err
	}
	return os.RemoveAll(work)
}

// copySources copies p's files to work, where go.mod can be edited.
func (t *toolchain) copySources(work string, p trimmed) error {
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	for _, name := range p.files {
		content, err := os.ReadFile(filepath.Join(t.source, p.source, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		to := filepath.Join(work, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, content, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// linkModules returns a folder in which each module is a link of the module's path to where Go
// keeps the module, and has the one in work replaced by it: an overlay can't have files that
// are in Go's cache of modules by their own names. A module from before there were modules has
// no go.mod there; replace says where Go keeps the one that it made.
func (t *toolchain) linkModules(ctx context.Context, work string, modules []string) (folder string, replace map[string]string, err error) {
	if err := t.golang(ctx, work, append([]string{"mod", "download"}, modules...)...); err != nil {
		return "", nil, err
	}
	c := command{args: append([]string{t.goTool, "list", "-m", "-f={{.Path}}\t{{.Dir}}\t{{.GoMod}}"}, modules...), dir: work, env: goEnv}
	out, err := c.run(ctx)
	if err != nil {
		return "", nil, err
	}
	const name = "modules"
	folder, replace = filepath.Join(work, name), map[string]string{}
	edit := []string{"mod", "edit"}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			return "", nil, fmt.Errorf("go list -m says %q, not where a module is", line)
		}
		module, dir, goMod := fields[0], fields[1], fields[2]
		link := filepath.Join(folder, filepath.FromSlash(module))
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(dir, link)); err != nil {
			return "", nil, err
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); errors.Is(err, fs.ErrNotExist) {
			replace[filepath.Join(link, "go.mod")] = goMod
		}
		edit = append(edit, "-replace="+module+"=./"+name+"/"+module)
	}
	return folder, replace, t.golang(ctx, work, edit...)
}

// writeOverlay writes the file for -overlay that swaps files of modules for those in replace,
// and for the copies that overlay makes.
func writeOverlay(work, modules string, replace map[string]string, overlay func(modules, out string) (map[string]string, error)) (file string, err error) {
	// A folder of their own: they aren't part of the main package.
	copies := filepath.Join(work, "overlay")
	if err := os.Mkdir(copies, 0o755); err != nil {
		return "", err
	}
	copied, err := overlay(modules, copies)
	if err != nil {
		return "", err
	}
	maps.Copy(replace, copied)
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file = filepath.Join(work, "overlay.json")
	return file, os.WriteFile(file, content, 0o644)
}
