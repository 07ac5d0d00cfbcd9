//go:build unix

package automation

import (
	"os/exec"
	"syscall"
)

// separate gives Pulumi a process group of its own, so that a terminal's Ctrl-C
// reaches it once, from us.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// alive reports whether there is a process with the given id.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || err == syscall.EPERM
}
