//go:build unix

package claim

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// alive reports whether there is a process with the given id that hasn't ended.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return (err == nil || err == syscall.EPERM) && !ended(pid)
}

// ended reports whether a process has ended and only its parent hasn't asked yet how, where
// /proc tells. Such a process holds nothing any more.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	state := bytes.TrimLeft(stat[bytes.LastIndexByte(stat, ')')+1:], " ")
	return bytes.HasPrefix(state, []byte("Z")) || bytes.HasPrefix(state, []byte("X"))
}
