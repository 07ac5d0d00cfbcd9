package claim

import "golang.org/x/sys/unix"

// bootID names the time that the machine has been up; empty if it can't be known.
func bootID() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
