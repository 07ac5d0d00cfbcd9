package rehearsal

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// Home makes a folder in dir that is PULUMI_HOME of a rehearsal, and returns its path. It has the plugins of the
// machine's own. Pulumi keeps an encrypted log of every command in its home, and deletes the oldest above 500 MB: the logs
// of a rehearsal would take time and drive out the user's own. So where the folder of the logs would be, there is a file,
// and Pulumi goes on without. Where the machine lets nobody make links, as Windows may, the home is the machine's own.
func Home(dir string) (string, error) {
	plugins, err := workspace.GetPulumiPath(workspace.PluginDir)
	if err != nil {
		return "", err
	}
	home := filepath.Join(dir, "pulumi")
	if err := errors.Join(
		os.MkdirAll(plugins, 0o700), // A plugin that has to be installed is the machine's.
		os.Mkdir(home, 0o700),
		os.WriteFile(filepath.Join(home, "logs"), nil, 0o600),
	); err != nil {
		return "", err
	}
	if os.Symlink(plugins, filepath.Join(home, workspace.PluginDir)) != nil {
		return filepath.Dir(plugins), nil //nolint:nilerr // The machine's own home does as well.
	}
	return home, nil
}
