//go:build unix && !linux

package rehearsal

import "syscall"

// ownedProcess keeps a Ctrl-C in the terminal away from the process. This process needs the
// emulator until the stacks have stopped.
func ownedProcess() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// detachedProcess makes the process outlive this one and its terminal.
func detachedProcess() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
