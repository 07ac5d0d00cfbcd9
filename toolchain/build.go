package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/coldstart-aws/coldstart/toolchain/internal/trim"
)

// stripped leaves out debug information, half of the size.
const stripped = "-ldflags=-s -w"

// goEnv keeps the user's workspace and flags out of builds: -mod=mod, say,
// would let them use other versions than go.sum's under the same key.
var goEnv = []string{"GOWORK=off", "GOFLAGS=-buildvcs=false"}

// step is a run of the go command.
type step struct {
	what     string // for messages: "building the AWS plugin"
	estimate string
	dir      string
	args     []string
}

func (t *toolchain) run(ctx context.Context, s step) error {
	stop := t.report.watch(s.what, s.estimate)
	defer stop()
	c := command{args: append([]string{t.goTool}, s.args...), dir: s.dir, env: goEnv}
	_, err := c.run(ctx)
	return err
}

func (t *toolchain) buildCLI(ctx context.Context, dir string) error {
	return t.run(ctx, step{
		what:     "building the Pulumi CLI",
		estimate: "about 5 min on 2 cores",
		dir:      filepath.Join(t.source, "pulumi"),
		args: []string{
			"build", "-trimpath", versioned(cliVersion),
			"-o", filepath.Join(dir, cliProgram), "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		},
	})
}

func (t *toolchain) buildHost(ctx context.Context, dir string) error {
	return t.run(ctx, step{
		what:     "building Pulumi's Go language host",
		estimate: "about 30 s on 2 cores",
		dir:      filepath.Join(t.source, "language-go"),
		args: []string{
			"build", "-trimpath", versioned(hostVersion),
			"-o", filepath.Join(dir, hostProgram), "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
		},
	})
}

// versioned sets the version that a program of Pulumi's reports, as its own
// builds do. The Automation API refuses a CLI that has none.
func versioned(version string) string {
	return stripped + " -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v" + version
}

// buildPlugin builds the AWS plugin from the vendored sources of the Terraform
// AWS provider, cut down to services.
func (t *toolchain) buildPlugin(ctx context.Context, dir string) error {
	work := filepath.Join(dir, "work")
	if err := t.copyPlugin(work); err != nil {
		return fmt.Errorf("copying the plugin's sources: %w", err)
	}
	if err := t.run(ctx, step{
		what: "fetching the AWS plugin's modules",
		dir:  work,
		args: []string{"mod", "vendor"},
	}); err != nil {
		return err
	}
	overlay, err := writeOverlay(work)
	if err != nil {
		return fmt.Errorf("cutting the Terraform AWS provider down: %w", err)
	}
	if err := t.run(ctx, step{
		what:     "building the AWS plugin",
		estimate: "about 7 min on 2 cores",
		dir:      work,
		args: []string{
			"build", "-mod=vendor", "-overlay", overlay, "-trimpath", stripped,
			"-o", filepath.Join(dir, filepath.FromSlash(pluginProgram)), ".",
		},
	}); err != nil {
		return err
	}
	return os.RemoveAll(work)
}

// copyPlugin copies the plugin's sources to work, where `go mod vendor` can
// write next to them.
func (t *toolchain) copyPlugin(work string) error {
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"main.go", "tokens.json", "go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(t.source, "aws", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeOverlay writes the file for -overlay that swaps the provider's files
// for cut-down copies.
func writeOverlay(work string) (file string, err error) {
	// A folder of their own: they aren't part of the plugin's main package.
	copies := filepath.Join(work, "overlay")
	if err := os.Mkdir(copies, 0o755); err != nil {
		return "", err
	}
	replace, err := trim.Overlay(filepath.Join(work, "vendor"), copies, services)
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
