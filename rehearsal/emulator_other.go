//go:build !unix

package rehearsal

import "syscall"

func ownedProcess() *syscall.SysProcAttr { return nil }

func detachedProcess() *syscall.SysProcAttr { return nil }
