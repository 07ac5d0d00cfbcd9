//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// TestBadMachine is bad world 10: a full disk before the first run and before a later one, and
// then a backend that is gone. Nothing may be created a second time when the backend is back.
func TestBadMachine(t *testing.T) {
	begin(t)
	w, _ := newBadWorld(t, bleak, limits.Options{})
	backend := filepath.Join(w.dir, "backend")
	disk := func(args ...string) {
		t.Helper()
		if os.Geteuid() != 0 {
			args = append([]string{"sudo", "-n"}, args...)
		}
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("a small disk can't be had: %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
	disk("mount", "-t", "tmpfs", "-o", "size=16m,mode=0777", "tmpfs", backend)
	t.Cleanup(func() { disk("umount", "-l", backend) })

	full := filler(t, backend)
	w.fails("no space left on device", "make room on the disk")
	must(t, os.Remove(full))
	w.recovers(2)

	full = filler(t, backend)
	w.fails("no space left on device", "make room on the disk")
	must(t, os.Remove(full))
	w.recovers(2)

	was := w.env["PULUMI_BACKEND_URL"]
	w.env["PULUMI_BACKEND_URL"] = was + "-gone"
	w.fails("listing the stacks of the backend", "no such file or directory", "set PULUMI_BACKEND_URL")
	w.env["PULUMI_BACKEND_URL"] = was
	w.recovers(2)
}

// filler fills a disk to its last byte, and returns the name of the file.
func filler(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.CreateTemp(dir, "filler-")
	must(t, err)
	for _, size := range []int{64 << 10, 1 << 10, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	must(t, f.Close())
	return f.Name()
}

// TestPacedFailure declares many accounts, the first of which can't be created. The run has to
// end without waiting for the turns of the others, in coldstart and in plain Pulumi.
func TestPacedFailure(t *testing.T) {
	begin(t)
	many := strings.Replace(bleak, "{ app: {} }", "{a: {}, b: {}, c: {}, d: {}, e: {}, f: {}, g: {}, h: {}, i: {}, j: {}, k: {}, l: {}, m: {}, n: {}, o: {}}", 1)
	for name, command := range map[string][]string{"coldstart": {coldstart(), "up", "--yes", "master"}, "pulumi": {"pulumi", "up", "--stack", "master", "--yes", "--skip-preview", "--non-interactive"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := newBadWorld(t, many, limits.Options{})
			w.env[pace.Variable] = "0.1" // The turn of the last account comes after twenty minutes.
			r.refuse(func(c *proxy.Call) *proxy.Answer {
				if !c.Is("organizations", "CreateAccount") {
					return nil
				}
				return r.no(c, "AccessDeniedException", "no")
			})
			if name == "pulumi" {
				w.plainProject()
				w.ok("pulumi", "stack", "init", "master")
			}
			begin := time.Now()
			if _, err := w.run(command[0], command[1:]...); err == nil {
				t.Error("it went well")
			}
			if took := time.Since(begin); took > 10*time.Minute {
				t.Errorf("it ended after %s", took.Round(time.Second))
			}
			t.Logf("it ended after %s", time.Since(begin).Round(time.Second))
		})
	}
}
