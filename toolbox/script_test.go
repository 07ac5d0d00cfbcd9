package toolbox

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnreadableConfig: a ~/.aws of another user is said to be unreadable. Programs take it
// for none, and then nobody seems to be logged in.
func TestUnreadableConfig(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("NOT TESTED: the toolbox's own program, since there is no bash here")
	}
	script, err := imageFiles.ReadFile("image/toolbox")
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "toolbox")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	if err := os.Chmod(home, 0o755); err != nil { //nolint:gosec // Another user looks into it.
		t.Fatal(err)
	}
	config := filepath.Join(home, ".aws", "config")
	if err := os.Mkdir(filepath.Dir(config), 0o755); err != nil { //nolint:gosec // The same.
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("[profile a]\n"), 0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bash, "-s", "whoami") //nolint:gosec // Where bash is, is the machine's.
	cmd.Stdin, cmd.Env = bytes.NewReader(script), []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "DEFAULT_PROFILE=a"}
	if os.Getuid() == 0 { // Root reads everything.
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it knows who somebody is whom nobody can tell")
	}
	for _, want := range []string{config + " belongs to user", "can't be read by user", `docker run --user "$(id -u)" --env HOME=/home/toolbox`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "You aren't logged in") {
		t.Errorf("it says that nobody is logged in:\n%s", out)
	}
}
