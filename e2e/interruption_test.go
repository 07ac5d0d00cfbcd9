//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const interrupted = `
config:
  coldstart:namespace: kill
  coldstart:domain: kill.example
  coldstart:region: us-east-2
  coldstart:email: k-%s@kill.example
  coldstart:units: {core: {}, apps: {parent: core}}
  coldstart:accounts: {audit: {unit: core}, app: {unit: apps, guardrails: [quarantine]}}
  coldstart:organization: {delegatedAdministrators: {guardduty.amazonaws.com: audit}}
  coldstart:access: {groups: {all: {"*": [readonly]}}, github: {repository: kill/kill}}
  coldstart:users: {ada: {groups: [all], pgpKey: "KEY"}, bob: {groups: [app-admin]}}
`

// Whatever is killed, and when: the next run goes on, and nothing is there twice.
func TestKilled(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	w := newWorld(t, strings.Replace(interrupted, "KEY", publicKey(t, key), 1))
	for i, after := range []time.Duration{4 * time.Second, 8 * time.Second, 20 * time.Second, 30 * time.Second} {
		killed := w.start(coldstart(), "up", "--yes")
		time.Sleep(after)
		if i%2 == 0 {
			// The machine: coldstart and everything that it started.
			for _, pid := range append(descendants(killed.Process.Pid), killed.Process.Pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL) // It may have ended by itself.
			}
		} else {
			// The process alone; Pulumi goes on until it notices.
			must(t, killed.Process.Kill())
		}
		_ = killed.Wait()
	}
	w.ok(coldstart(), "up", "--yes")
	w.unchanged()
	w.proved()
	if got := len(w.accounts()); got != 3 {
		t.Errorf("there are %d accounts, not 3", got)
	}
	outputs, err := w.automation().Outputs(context.Background(), "master")
	must(t, err)
	ada := outputs["master"]["users"].(map[string]any)["ada"].(map[string]any)
	if password := decrypt(t, key, ada["decryptPassword"].(string)); len(password) != 32 {
		t.Errorf("ada's first password has %d characters", len(password))
	}
}

// Who comes second is told who was first. Ctrl-C stops cleanly: no lock, nothing to
// be recovered.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(interrupted, "KEY", publicKey(t, newKey(t)), 1))
	up := w.start(coldstart(), "up", "--yes")
	time.Sleep(8 * time.Second)
	second, err := w.run(coldstart(), "up", "--yes", "master")
	if err == nil {
		t.Error("two runs changed the same stack")
	}
	contains(t, second, "stack master is locked by", fmt.Sprintf("(pid %d) since", up.Process.Pid))
	must(t, up.Process.Signal(os.Interrupt))
	if err := up.Wait(); err == nil {
		t.Error("it was interrupted and says that it was done")
	}
	w.up()
	w.unchanged()
	w.proved()
}

// start starts a program in a process group of its own.
func (w *world) start(name string, args ...string) *exec.Cmd {
	w.t.Helper()
	cmd := w.command(name, args...)
	out, err := os.CreateTemp(w.dir, "output-")
	must(w.t, err)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(w.t, cmd.Start())
	w.t.Cleanup(func() {
		content, err := os.ReadFile(out.Name())
		w.t.Logf("$ %s %v\n%s(%v)", name, args, content, err)
	})
	return cmd
}
