package claim

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/internal/testprogram"
)

// A plugin whose Pulumi was killed doesn't keep a stack from its next run; one whose
// Pulumi is alive does.
func TestOrphans(t *testing.T) {
	t.Parallel()
	for parent, orphaned := range map[string]bool{"sh": true, "pulumi": false} {
		dir := t.TempDir()
		name := filepath.Join(dir, "master.pulumi")
		first, err := Open(name)
		if err != nil || first == nil {
			t.Fatalf("got %v, %v", first, err)
		}
		copied(t, "sleep", filepath.Join(dir, "pulumi-resource-test"))
		copied(t, "sh", filepath.Join(dir, parent))
		cmd := exec.Command(filepath.Join(dir, parent), "-c", filepath.Join(dir, "pulumi-resource-test")+" 60 & exec 3>&-; wait") //nolint:gosec // The test's own files.
		first.Inherit(cmd)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Wait() }) // It is killed.
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		ended, within := 0, time.Minute // However busy the machine is.
		if !orphaned {
			within = 3 * time.Second
		}
		for deadline := time.Now().Add(within); ended == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			ended = EndOrphans(name)
		}
		if (ended == 1) != orphaned {
			t.Errorf("below %s: %d ended", parent, ended)
		}
		if !orphaned {
			second, err := Open(name)
			if second != nil || err != nil {
				t.Errorf("below %s: the tree is free: %v", parent, err)
			}
			_ = cmd.Process.Kill() // Then its plugin is one that nobody talks to.
			_ = cmd.Wait()
			if n := EndOrphans(name); n != 1 {
				t.Errorf("below %s, which was killed: %d ended", parent, n)
			}
		}
	}
}

func copied(t *testing.T, program, to string) {
	t.Helper()
	file, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	testprogram.Write(t, to, string(content))
}
