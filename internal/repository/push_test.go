package repository

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
	"github.com/coldstart-aws/coldstart/internal/testprogram"
)

// TestTokenIsKeptNowhere looks at every command line of git's, and all that a
// repository holds afterwards. No other test may run meanwhile, for the environment.
func TestTokenIsKeptNowhere(t *testing.T) {
	host := githubtest.NewHost(t)
	bare := filepath.Join(host.Root, "acme", "x.git")
	if out, err := exec.Command("git", "init", "--quiet", "--bare", bare).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	spy, dir := t.TempDir(), filepath.Join(t.TempDir(), "r")
	script := "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '" + spy + "/lines'\nexec '" + real + "' \"$@\"\n"
	testprogram.Write(t, filepath.Join(spy, "git"), script)
	t.Setenv("PATH", spy+":"+os.Getenv("PATH"))
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "push.default")
	t.Setenv("GIT_CONFIG_VALUE_0", "nothing")
	ctx := context.Background()
	if _, err := Write(ctx, dir, files("a", "1\n"), Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Push(ctx, dir, Remote{URL: host.URL + "/acme/x.git", Token: githubtest.Token}); err != nil {
		t.Fatal(err)
	}
	err = Push(ctx, dir, Remote{URL: host.URL + "/acme/x.git", Token: "ghs_wrong"})
	if err == nil || strings.Contains(err.Error(), "ghs_wrong") {
		t.Errorf("with a wrong token: %v", err)
	}
	lines, err := os.ReadFile(filepath.Join(spy, "lines"))
	if err != nil || !strings.Contains(string(lines), "push --quiet") {
		t.Fatalf("%v: %s", err, lines)
	}
	all := string(lines)
	err = filepath.WalkDir(dir, func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		all += string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{githubtest.Token, "ghs_wrong", "Authorization", "eC1hY2Nlc3MtdG9rZW4"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s stands on a command line, or in the repository", secret)
		}
	}
}
