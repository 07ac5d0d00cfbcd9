package claim

import (
	"os/exec"
	"testing"
	"time"
)

// A process that was killed is dead as soon as it has ended, though nobody has asked yet how.
func TestEndedIsNotAlive(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // It was killed.
	if !alive(cmd.Process.Pid) {
		t.Error("a process that sleeps isn't alive")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); alive(cmd.Process.Pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a process that was killed is alive")
		}
	}
}
