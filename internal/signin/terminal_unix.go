//go:build unix

package signin

import (
	"bufio"
	"os"

	"golang.org/x/sys/unix"
)

// openTerminal opens the controlling terminal of this process; nil if there is none. If this
// process is in the terminal's background, nobody can be asked, because a read would stop the
// process. Pulumi starts its plugins in the background, and reads from the terminal itself.
func openTerminal() Terminal {
	file, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	foreground, err := unix.IoctlGetInt(int(file.Fd()), unix.TIOCGPGRP)
	if err != nil {
		_ = file.Close() // Nothing was written.
		return nil
	}
	return &device{file: file, lines: bufio.NewReader(file), background: foreground != unix.Getpgrp()}
}
