package automation

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/backend"
)

// workspace is the Automation API's, less what coldstart doesn't want of it.
type workspace struct {
	*auto.LocalWorkspace
}

// SelectStack does nothing: every command names its stack. Selecting would
// change which stack the user's own `pulumi` commands work on, and stacks that
// run side by side would overwrite each other's selection.
func (workspace) SelectStack(context.Context, string) error { return nil }

// StackOutputs returns nothing. The Automation API asks for the outputs after
// each update, at the cost of two more processes; (*stack).outputs asks when
// they are wanted.
func (workspace) StackOutputs(context.Context, string) (auto.OutputMap, error) { return nil, nil }

func (a *Automation) workspace(ctx context.Context, dir string, env map[string]string, run pulumi.RunFunc) (workspace, error) {
	options := []auto.LocalWorkspaceOption{auto.WorkDir(dir), auto.Pulumi(a.pulumi), auto.EnvVars(env)}
	if run != nil {
		options = append(options, auto.Program(run))
	}
	ws, err := auto.NewLocalWorkspace(ctx, options...)
	if err != nil {
		return workspace{}, fmt.Errorf("opening the project in %s: %w", dir, err)
	}
	local, ok := ws.(*auto.LocalWorkspace)
	if !ok {
		return workspace{}, fmt.Errorf("the Automation API returned a %T", ws)
	}
	return workspace{local}, nil
}

// scratch returns a copy of the project with an empty backend of its own, for
// previews of stacks that don't exist yet. The caller removes the folder.
func (a *Automation) scratch() (dir string, env map[string]string, err error) {
	dir, err = os.MkdirTemp("", "coldstart-preview-")
	if err != nil {
		return "", nil, err
	}
	project, err := os.ReadFile(filepath.Join(a.options.Dir, "Pulumi.yaml"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), project, 0o600)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "state"), 0o700)
	}
	if err != nil {
		return "", nil, fmt.Errorf("making a scratch backend for the preview: %w", err)
	}
	if env = maps.Clone(a.options.Env); env == nil {
		env = map[string]string{}
	}
	env[backendVariable] = backend.FolderURL(filepath.Join(dir, "state"))
	env["PULUMI_CONFIG_PASSPHRASE"] = "preview" // Nothing is kept.
	return dir, env, nil
}

// backendVariable names the backend for Pulumi.
const backendVariable = "PULUMI_BACKEND_URL"
