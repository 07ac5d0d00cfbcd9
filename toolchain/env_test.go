package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestEnvironmentIsSourced(t *testing.T) {
	t.Parallel()
	const odd = `/a folder/it's "$HOME" \ here`
	for _, test := range []struct {
		name   string
		env    environment
		before []string
		want   string // PATH, PULUMI_HOME, PULUMI_CREDENTIALS_PATH, the switches
	}{
		{
			name: "nothing needed", before: []string{"PATH=/usr/bin", "PULUMI_HOME=/mine"},
			want: "/usr/bin|/mine|||",
		},
		{
			name:   "all ours",
			env:    environment{path: []string{odd, "/b"}, home: odd, credentials: "/me/.pulumi", skipUpdateCheck: true},
			before: []string{"PATH=/usr/bin", "PULUMI_HOME=/mine"},
			want:   odd + ":/b:/usr/bin|" + odd + "|/me/.pulumi|true|true",
		},
		{
			name:   "logins kept elsewhere",
			env:    environment{home: "/ours", credentials: "/me/.pulumi"},
			before: []string{"PATH=/usr/bin", "PULUMI_CREDENTIALS_PATH=/mine"},
			want:   "/usr/bin|/ours|/mine|true|",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "a folder", "env")
			if _, err := test.env.write(file); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("/bin/sh", "-euc", `. "$0"; printf '%s|%s|%s|%s|%s' "$PATH" "${PULUMI_HOME-}" \
				"${PULUMI_CREDENTIALS_PATH-}" "${PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION-}" "${PULUMI_SKIP_UPDATE_CHECK-}"`, file)
			cmd.Env = test.before
			got, err := cmd.CombinedOutput()
			if err != nil || string(got) != test.want {
				t.Errorf("the shell says %q (%v), want %q; it sourced:\n%s", got, err, test.want, test.env.shell())
			}
		})
	}
}

func TestEnvironmentIsWrittenOnlyIfChanged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "env")
	for i, test := range []struct {
		env     environment
		changed bool
	}{
		{environment{home: "/a"}, true},
		{environment{home: "/a"}, false},
		{environment{home: "/b"}, true},
	} {
		changed, err := test.env.write(file)
		if err != nil {
			t.Fatal(err)
		}
		if changed != test.changed {
			t.Errorf("%d: changed = %t, want %t", i, changed, test.changed)
		}
	}
	if !strings.Contains(readFile(t, file), "export PULUMI_HOME='/b'\n") {
		t.Errorf("the file is:\n%s", readFile(t, file))
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o644 {
		t.Errorf("its mode is %o, want 644", info.Mode().Perm())
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("there are %v (%v), want the file alone", entries, err)
	}
}

func TestWord(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"/a/b-1.2": "/a/b-1.2", "/a b": "'/a b'", "/it's": `'/it'\''s'`, "/$HOME": "'/$HOME'", "/é%2F": "/é%2F"} {
		if got := word(s); got != want {
			t.Errorf("%s: %s, not %s", s, got, want)
		}
	}
}
