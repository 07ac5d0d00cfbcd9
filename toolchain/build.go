package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coldstart-aws/coldstart/toolchain/internal/trim"
)

// stripped leaves out debug information, half of the size.
const stripped = "-ldflags=-s -w"

// goEnv keeps the user's workspace and flags out of builds: -mod=mod, say,
// would let them use other versions than go.sum's under the same key.
var goEnv = []string{"GOWORK=off", "GOFLAGS=-buildvcs=false"}

// What a build takes of one core, from nothing. The tests' machine has two.
const (
	workOfCLI    = 9 * time.Minute
	workOfHost   = time.Minute
	workOfPlugin = 12 * time.Minute
)

// golang runs the go command in dir.
func (t *toolchain) golang(ctx context.Context, dir string, args ...string) error {
	c := command{args: append([]string{t.goTool}, args...), dir: dir, env: goEnv}
	_, err := c.run(ctx)
	return err
}

// buildCLI builds the Pulumi CLI from vendored sources, without what takes long and is of
// no use to coldstart.
func (t *toolchain) buildCLI(ctx context.Context, dir string) error {
	defer t.report.watch("building the Pulumi CLI", workOfCLI)()
	return t.buildVendored(ctx, dir, vendored{
		source:  "pulumi",
		files:   []string{"go.mod", "go.sum"},
		overlay: trim.CLI,
		flags:   versioned(cliVersion),
		pkg:     "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		program: cliProgram,
	})
}

func (t *toolchain) buildHost(ctx context.Context, dir string) error {
	defer t.report.watch("building Pulumi's Go language host", workOfHost)()
	return t.golang(ctx, filepath.Join(t.source, "language-go"), "build", "-trimpath", versioned(hostVersion),
		"-o", filepath.Join(dir, hostProgram), "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go")
}

// versioned sets the version that a program of Pulumi's reports, as its own
// builds do. The Automation API refuses a CLI that has none.
func versioned(version string) string {
	return stripped + " -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + version
}

// buildPlugin builds the AWS plugin from the vendored sources of the Terraform
// AWS provider, cut down to services.
func (t *toolchain) buildPlugin(ctx context.Context, dir string) error {
	defer t.report.watch("building the AWS plugin", workOfPlugin)()
	return t.buildVendored(ctx, dir, vendored{
		source: "aws",
		files:  []string{"main.go", "tokens.json", "go.mod", "go.sum"},
		overlay: func(vendor, out string) (map[string]string, error) {
			return trim.Plugin(vendor, out, services)
		},
		flags:   stripped,
		pkg:     ".",
		program: pluginProgram,
	})
}

// vendored is a program whose sources are changed before they are compiled.
type vendored struct {
	source  string   // the folder of its sources, among the toolchain's
	files   []string // the sources in it
	overlay func(vendor, out string) (map[string]string, error)
	flags   string
	pkg     string
	program string
}

// buildVendored builds v into dir. A go command replaces files only outside of its cache of
// modules, so they are vendored. -trimpath has it recognise what it compiled in another folder.
func (t *toolchain) buildVendored(ctx context.Context, dir string, v vendored) error {
	work := filepath.Join(dir, "work-"+v.source)
	if err := t.copySources(work, v); err != nil {
		return fmt.Errorf("copying the sources of %s: %w", v.program, err)
	}
	if err := t.golang(ctx, work, "mod", "vendor"); err != nil {
		return err
	}
	overlay, err := writeOverlay(work, v.overlay)
	if err != nil {
		return fmt.Errorf("cutting the sources of %s down: %w", v.program, err)
	}
	if err := t.golang(ctx, work, "build", "-mod=vendor", "-overlay", overlay, "-trimpath", v.flags,
		"-o", filepath.Join(dir, filepath.FromSlash(v.program)), v.pkg); err != nil {
		return err
	}
	return os.RemoveAll(work)
}

// copySources copies v's files to work, where `go mod vendor` can write next to them.
func (t *toolchain) copySources(work string, v vendored) error {
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	for _, name := range v.files {
		content, err := os.ReadFile(filepath.Join(t.source, v.source, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeOverlay writes the file for -overlay that swaps vendored files for the copies that
// overlay makes.
func writeOverlay(work string, overlay func(vendor, out string) (map[string]string, error)) (file string, err error) {
	// A folder of their own: they aren't part of the main package.
	copies := filepath.Join(work, "overlay")
	if err := os.Mkdir(copies, 0o755); err != nil {
		return "", err
	}
	replace, err := overlay(filepath.Join(work, "vendor"), copies)
	if err != nil {
		return "", err
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file = filepath.Join(work, "overlay.json")
	return file, os.WriteFile(file, content, 0o644)
}
