package claim

import (
	"os"
	"strings"
)

// bootID names the time that the machine has been up; empty if it can't be known.
// https://docs.kernel.org/admin-guide/sysctl/kernel.html#random
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
