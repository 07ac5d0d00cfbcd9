package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	dir := declared(t, strings.Replace(small, "audit: none", "audit: {account: dev}", 1)+"  coldstart:units: {b: {}, a: {parent: b}}\n")
	const noFiles, onlyFolders = ":4", ":16"
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"preview", "-C", dir, ""}, []string{"master\tthe management account", "dev\twhere logs end up", "lab\ta member account", noFiles}},
		{[]string{"up", "-C", dir, "dev", ""}, []string{"master\tthe management account", "lab\ta member account", noFiles}},
		{[]string{"refresh", "-C", dir, "dev", "lab", "m"}, []string{"master\tthe management account", noFiles}},
		{[]string{"destroy", "-C", dir, "dev", "lab", "master", ""}, []string{noFiles}},
		{[]string{"outputs", "-C", dir, "master", "dev", ""}, []string{"lab\ta member account", noFiles}},
		{[]string{"repo", "render", "-C", dir, "dev", ""}, []string{"master\tthe management account", "lab\ta member account", noFiles}},
		{[]string{"repo", "create", "-C", dir, "lab", "master", ""}, []string{"dev\twhere logs end up", noFiles}},
		{[]string{"repo", "render", "--templates", ""}, []string{onlyFolders}},
		{[]string{"account", "add", "-C", dir, ""}, []string{noFiles}},
		{[]string{"account", "add", "-C", dir, "--unit", ""}, []string{"b", "a", noFiles}},
		{[]string{"account", "add", "--network", ""}, []string{"auto", "none", noFiles}},
		{[]string{"up", "-C", t.TempDir(), ""}, []string{noFiles}},
		{[]string{"up", "-C", ""}, []string{onlyFolders}},
		{[]string{"init", ""}, []string{onlyFolders}},
	} {
		code, out, _ := run(append([]string{"__complete"}, c.args...)...)
		if diff := cmp.Diff(c.want, strings.Split(strings.TrimSpace(out), "\n")); diff != "" || code != exitDone {
			t.Errorf("%v: exit code %d (-want +got)\n%s", c.args, code, diff)
		}
	}
	if _, out, _ := run("--help"); !strings.Contains(out, "\n  completion ") {
		t.Errorf("the help doesn't mention completion:\n%s", out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, _ := run("completion", shell); code != exitDone || !strings.Contains(out, "coldstart") {
			t.Errorf("%s: exit code %d", shell, code)
		}
	}
}
