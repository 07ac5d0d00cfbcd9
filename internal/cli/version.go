package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
)

// VersionOptions are those of `coldstart version`.
type VersionOptions struct {
	jsonOption
	streams terminal.Streams
	build   func() (*debug.BuildInfo, bool)
}

func newVersion(streams terminal.Streams, run func(context.Context, *VersionOptions) error) *cobra.Command {
	o := &VersionOptions{streams: streams, build: debug.ReadBuildInfo}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of coldstart, and of the Pulumi and AWS plugin that it finds",
		Long: `Version prints the versions of coldstart, of the Go that built it, and of what it
runs: the Pulumi CLI on the PATH, and the AWS plugins that Pulumi has.`,
		Example: "  coldstart version\n  coldstart version --json | jq -r .commit",
		Args:    cobra.NoArgs,
	}
	o.jsonFlag(cmd, "a JSON object: version, commit, modified, go, pulumi, awsPlugins, awsPluginWanted")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = versionRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

// versions are those that matter when something goes wrong.
type versions struct {
	Version string `json:"version"`
	// Commit is that of the sources, which had changes besides if Modified.
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	// Pulumi is empty if there is no CLI.
	Pulumi     string   `json:"pulumi,omitempty"`
	AWSPlugins []string `json:"awsPlugins"`
	// AWSPluginWanted goes with the SDK that coldstart is built with.
	AWSPluginWanted string `json:"awsPluginWanted,omitempty"`
}

// awsSDK is the module with the provider's SDK, whose version is the plugin's.
const awsSDK = "github.com/pulumi/pulumi-aws/sdk/v6"

// developmentVersion is the version of a program that was built from sources that are
// no release.
const developmentVersion = "(devel)"

func versionRun(ctx context.Context, o *VersionOptions) error {
	info, ok := o.build()
	if !ok {
		info = &debug.BuildInfo{} // It was built without modules.
	}
	v := builtFrom(info)
	// With a Pulumi that doesn't run, the rest is wanted all the more.
	var failed error
	v.Pulumi, v.AWSPlugins, failed = installed(ctx)
	if err := o.output(o.streams.Out, v, func(w io.Writer) error { return writeVersions(w, v) }); err != nil {
		return err
	}
	return failed
}

func writeVersions(w io.Writer, v versions) error {
	table := terminal.NewTable(w)
	commit := orDash(v.Commit)
	if v.Modified {
		commit += " and changes"
	}
	plugins := strings.Join(v.AWSPlugins, ", ")
	if plugins == "" {
		plugins = "none found"
	}
	table.Row("coldstart", v.Version)
	table.Row("commit", commit)
	table.Row("go", v.Go)
	pulumi := v.Pulumi
	if pulumi == "" {
		pulumi = "none on the PATH that runs"
	}
	table.Row("pulumi", pulumi)
	table.Row("aws plugin", fmt.Sprintf("%s (built with %s)", plugins, orDash(v.AWSPluginWanted)))
	return table.Flush()
}

// builtFrom returns what Go has noted in the program.
func builtFrom(info *debug.BuildInfo) versions {
	v := versions{Version: info.Main.Version, Go: strings.TrimPrefix(info.GoVersion, "go"), AWSPlugins: []string{}}
	if v.Version == "" {
		v.Version = developmentVersion
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	v.AWSPluginWanted = strings.TrimPrefix(versionOf(info, awsSDK), "v")
	return v
}

// versionOf returns the version of a module that the program was built with.
func versionOf(info *debug.BuildInfo, module string) string {
	for _, dep := range info.Deps {
		if dep.Path == module {
			return dep.Version
		}
	}
	return ""
}

// installed asks Pulumi for its version and its AWS plugins. No Pulumi is no
// error.
func installed(ctx context.Context) (cli string, plugins []string, err error) {
	plugins = []string{}
	out, err := askPulumi(ctx, "version")
	if errors.Is(err, exec.ErrNotFound) {
		return "", plugins, nil
	}
	if err != nil {
		return "", plugins, err
	}
	cli = strings.TrimPrefix(strings.TrimSpace(string(out)), "v")
	if out, err = askPulumi(ctx, "plugin", "ls", "--json"); err != nil {
		return cli, plugins, err
	}
	var all []struct{ Name, Kind, Version string }
	if err := json.Unmarshal(out, &all); err != nil {
		return cli, plugins, fmt.Errorf("pulumi plugin ls --json: %w", err)
	}
	for _, p := range all {
		if p.Name == "aws" && p.Kind == "resource" {
			plugins = append(plugins, p.Version)
		}
	}
	return cli, plugins, nil
}

func askPulumi(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "pulumi", args...)
	cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("pulumi %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
