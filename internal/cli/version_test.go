package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/internal/testprogram"
)

// released is what Go notes in a released coldstart.
func released() (*debug.BuildInfo, bool) {
	return &debug.BuildInfo{
		GoVersion: "go1.26.8 X:some",
		Main:      debug.Module{Path: coldstartModule, Version: "v1.2.3"},
		Deps:      []*debug.Module{{Path: pulumiSDK, Version: "v3.260.0"}, {Path: awsSDK, Version: "v6.83.2"}},
		Settings:  []debug.BuildSetting{{Key: "vcs.revision", Value: "0123abcd"}, {Key: "vcs.modified", Value: "true"}},
	}, true
}

// fakePulumi puts a pulumi on the PATH that answers as one with two AWS plugins.
func fakePulumi(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	testprogram.Write(t, filepath.Join(dir, "pulumi"), "#!/bin/sh\n"+script)
	t.Setenv("PATH", dir)
}

func TestVersion(t *testing.T) {
	fakePulumi(t, `case "$*" in
version) echo v3.259.0 ;;
"plugin ls --json") echo '[{"name":"go","kind":"language","version":"3"},{"name":"aws","kind":"resource","version":"6.83.2"},{"name":"aws","kind":"resource","version":"6.1.0"}]' ;;
*) exit 1 ;;
esac
`)
	var out bytes.Buffer
	o := &VersionOptions{streams: terminal.Streams{Out: &out}, build: released}
	if err := versionRun(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	want := `coldstart   v1.2.3
commit      0123abcd and changes
go          1.26.8 X:some
pulumi      3.259.0
aws plugin  6.83.2, 6.1.0 (built with 6.83.2)
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	out.Reset()
	o.json = true
	if err := versionRun(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	var got versions
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(versions{
		Version: "v1.2.3", Commit: "0123abcd", Modified: true, Go: "1.26.8 X:some", Pulumi: "3.259.0",
		AWSPlugins: []string{"6.83.2", "6.1.0"}, AWSPluginWanted: "6.83.2",
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestVersionOfBrokenPulumi(t *testing.T) {
	fakePulumi(t, "exit 3\n")
	code, out, errs := run("version")
	if code != exitFailed || !strings.Contains(out, "coldstart") || !strings.Contains(errs, "pulumi version: exit status 3") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

func TestVersionWithoutPulumi(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	code, out, errs := run("version")
	if code != exitDone || !strings.Contains(out, "none on the PATH that runs") {
		t.Errorf("exit code %d, %s\n%s", code, errs, out)
	}
}
