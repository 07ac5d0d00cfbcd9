//go:build e2e

package e2e

import (
	"os/exec"
	"strconv"
	"strings"
)

// descendants returns the processes that a process started, and those that they
// did.
func descendants(pid int) []int {
	out, err := exec.Command("ps", "-o", "pid=", "--ppid", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil // ps fails where there is none.
	}
	var all []int
	for _, field := range strings.Fields(string(out)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(append(all, child), descendants(child)...)
		}
	}
	return all
}
