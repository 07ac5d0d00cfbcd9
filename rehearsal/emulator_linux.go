package rehearsal

import "syscall"

// ownedProcess makes the process end together with this one, even if this one is killed. A Ctrl-C
// in the terminal reaches only this process, which needs the emulator until the stacks have
// stopped.
func ownedProcess() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
}

// detachedProcess makes the process outlive this one and its terminal.
func detachedProcess() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
