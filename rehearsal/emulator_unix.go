//go:build unix && !linux

package rehearsal

import "syscall"

// ownedProcess keeps a Ctrl-C in the terminal for this process, which needs the
// emulator until the stacks have come to a stop.
func ownedProcess() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// detachedProcess outlives this process and its terminal.
func detachedProcess() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
