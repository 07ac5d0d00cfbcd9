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
