package rehearsal

import "syscall"

// ownedProcess ends the process with this one, even if this one is killed. A
// Ctrl-C in the terminal reaches this process only, which needs the emulator
// until the stacks have come to a stop.
func ownedProcess() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
}

// detachedProcess outlives this process and its terminal.
func detachedProcess() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
