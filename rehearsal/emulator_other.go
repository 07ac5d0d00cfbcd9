//go:build !unix

package rehearsal

import "syscall"

func ownedProcess() *syscall.SysProcAttr { return nil }
