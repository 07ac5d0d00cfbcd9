//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestInterrupted checks that a second run is told who runs already, and that Ctrl-C stops a
// run without leaving a lock or a state that needs recovery.
func TestInterrupted(t *testing.T) {
	begin(t)
	w := newWorld(t, strings.Replace(disturbed, "KEY", publicKey(t, newKey(t)), 1))
	up := w.start(coldstart(), "up", "--yes")
	w.awaitLock(organization.Master)
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

// awaitLock waits until a process holds the lock of a stack.
func (w *world) awaitLock(stack string) {
	w.t.Helper()
	lock := filepath.Join(w.dir, "backend", ".pulumi", "locks", "organization", "coldstart", stack, "*.json")
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if found, err := filepath.Glob(lock); err == nil && len(found) > 0 {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("nobody took the lock of %s in %s", stack, patience)
		}
	}
}

// start starts a program in its own process group.
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
