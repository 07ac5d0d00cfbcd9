package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/internal/pulumicli"
)

// pluginVersion is the version of the AWS plugin that programs request, which is their SDK's.
const pluginVersion = "6.83.2"

const provideToolchain = "run `make toolchain` and `. .toolchain/env`"

func (x *examiner) cli(context.Context) []Finding {
	file, version, err := pulumicli.Find(x.options.Env["PATH"])
	if err != nil {
		return failure(provideToolchain+", or install it: https://www.pulumi.com/docs/iac/download-install/", "%v", err)
	}
	x.cliFile = file
	return ok("%s, version %s", file, version)
}

// languageHost looks for the language host where the CLI does: in PATH, and beside the CLI.
func (x *examiner) languageHost(context.Context) []Finding {
	const name = "pulumi-language-go"
	for _, dir := range append(filepath.SplitList(x.getenv("PATH")), filepath.Dir(resolved(x.cliFile))) {
		if file, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return ok("%s", file)
		}
	}
	return warning(provideToolchain+", if you want to run plain `pulumi up`", "%s isn't there; only plain `pulumi` needs it, coldstart doesn't", name)
}

// resolved returns the target of a symbolic link.
func resolved(file string) string {
	if target, err := filepath.EvalSymlinks(file); err == nil {
		return target
	}
	return file
}

func (x *examiner) plugin(context.Context) []Finding {
	return x.findPlugin("aws", pluginVersion, "")
}

// findPlugin looks for a plugin in Pulumi's folder of plugins. otherwise is another remedy than
// installing the plugin.
func (x *examiner) findPlugin(name, version, otherwise string) []Finding {
	home, err := x.pulumiHome()
	if err != nil {
		return failure("set HOME or PULUMI_HOME", "Pulumi's folder isn't known: %v", err)
	}
	dir := filepath.Join(home, "plugins", "resource-"+name+"-v"+version)
	if _, err := os.Stat(filepath.Join(dir, "pulumi-resource-"+name)); err == nil {
		return ok("version %s, in %s", version, dir)
	}
	install := fmt.Sprintf("pulumi plugin install resource %s v%s", name, version)
	if disabled := x.getenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"); disabled == "true" || disabled == "1" {
		return failure(provideToolchain+", or `"+install+"`"+otherwise,
			"version %s isn't in %s, and PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION keeps Pulumi from downloading it", version, filepath.Dir(dir))
	}
	return warning("to have it now: `"+install+"`"+otherwise, "version %s isn't in %s; Pulumi downloads it in the first run", version, filepath.Dir(dir))
}

// pulumiHome returns the folder in which Pulumi keeps plugins and logins.
func (x *examiner) pulumiHome() (string, error) {
	if home := x.getenv("PULUMI_HOME"); home != "" {
		return home, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".pulumi"), err
}

// folder checks the project's folder, to which Pulumi writes a stack's settings, and the disk.
func (x *examiner) folder(context.Context) []Finding {
	dir, err := filepath.Abs(x.options.Dir)
	if err == nil {
		_, err = project.Read(dir)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failure("run in the folder with Pulumi.yaml, or name it: coldstart doctor -C FOLDER", "it isn't the project's: %v", err)
	case err != nil:
		return failure("put Pulumi.yaml right", "%v", err)
	}
	if err := writable(dir); err != nil {
		return failure("make it writable: Pulumi keeps settings of stacks in it", "%s: %v", dir, err)
	}
	var found []string
	for _, d := range []string{dir, os.TempDir()} {
		free, err := freeSpace(d)
		switch {
		case err != nil:
			return warning("", "%s: how much room its disk has isn't known: %v", d, err)
		case free < minimumSpace:
			return failure(fmt.Sprintf("make room, %d MiB at least", comfortableSpace>>20), "%s: its disk has %d MiB left", d, free>>20)
		case free < comfortableSpace:
			return warning(fmt.Sprintf("make room, better %d MiB", comfortableSpace>>20), "%s: its disk has %d MiB left", d, free>>20)
		}
		found = append(found, fmt.Sprintf("%s has %d GiB left", d, free>>30))
	}
	return ok("writable; %s", strings.Join(found, ", "))
}
