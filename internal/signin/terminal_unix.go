//go:build unix

package signin

import (
	"bufio"
	"os"

	"golang.org/x/sys/unix"
)

// openTerminal opens the terminal that controls this process; it returns nil if there is
// none. Nobody can be asked in a terminal in whose background this process is: a read would
// stop it. Pulumi starts its plugins in the background, and reads what is typed itself.
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
