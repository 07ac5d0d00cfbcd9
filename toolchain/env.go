package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// environment is what plain `pulumi` needs in its environment.
type environment struct {
	path            []string // folders to look for programs in first
	home            string   // the Pulumi home with the plugin, if it isn't the user's own
	credentials     string   // with home: the user's own, which keeps the logins
	skipUpdateCheck bool
}

// shell returns e as lines for a POSIX shell.
func (e environment) shell() []byte {
	var b bytes.Buffer
	b.WriteString("# Written by coldstart's toolchain; for a shell to source.\n")
	if len(e.path) > 0 {
		b.WriteString("export PATH=" + quote(strings.Join(e.path, string(filepath.ListSeparator))) + `"${PATH:+:$PATH}"` + "\n")
	}
	if e.home != "" {
		b.WriteString("export PULUMI_HOME=" + quote(e.home) + "\n")
		b.WriteString(`[ -n "${PULUMI_CREDENTIALS_PATH:-}" ] || export PULUMI_CREDENTIALS_PATH=` + quote(e.credentials) + "\n")
		// Pulumi has no other plugin to offer where coldstart had to build one.
		b.WriteString("export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true\n")
	}
	if e.skipUpdateCheck {
		b.WriteString("export PULUMI_SKIP_UPDATE_CHECK=true\n")
	}
	return b.Bytes()
}

// quote quotes s for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// word quotes s if a shell would read anything else than one word.
func word(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n'\"\\$&|;<>()*?[]#~`!{}", r) }) {
		return quote(s)
	}
	return s
}

// write writes e to file, unless that has it already. A shell that sources
// file meanwhile sees the old one or the new one.
func (e environment) write(file string) (changed bool, err error) {
	content := e.shell()
	old, err := os.ReadFile(file)
	if err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return false, err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return false, errors.Join(err, os.Remove(f.Name()))
	}
	return true, nil
}
