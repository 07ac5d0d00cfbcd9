package dockerd

import (
	"os"
	"path/filepath"
)

// PluginVersion is the version of Pulumi's Docker plugin that programs request, which is the
// version of their SDK.
const PluginVersion = "4.10.0"

// Plugin reports whether Pulumi can find its Docker plugin: in Pulumi's home, or as a program in
// PATH.
func Plugin(getenv func(string) string) bool {
	const program = "pulumi-resource-docker"
	home := getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return false
		}
		home = filepath.Join(user, ".pulumi")
	}
	dirs := append(filepath.SplitList(getenv("PATH")), filepath.Join(home, "plugins", "resource-docker-v"+PluginVersion))
	for _, dir := range dirs {
		if info, err := os.Stat(filepath.Join(dir, program)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}
