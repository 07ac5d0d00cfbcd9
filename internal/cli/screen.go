package cli

import (
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// repaint is how often the bottom of a terminal is painted.
const repaint = 125 * time.Millisecond

// paintable returns the file if it is a terminal in which lines can be painted
// over, and a person looks at it; nil otherwise.
func paintable(file *os.File) *os.File {
	switch os.Getenv("TERM") {
	case "", "dumb":
		return nil
	}
	// Consoles of Windows take control sequences only after being asked to.
	if os.Getenv("CI") != "" || runtime.GOOS == "windows" || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return file
}

// screen is a terminal whose lowest lines are painted over again and again, while
// others scroll by above them. It never reads from the terminal, nor changes its
// modes. Between two paints the cursor is shown and stands below all that was
// written, so that whatever ends the process leaves the terminal usable.
type screen struct {
	file    *os.File
	above   []string // to be written above with the next paint
	painted []string // what is to be painted over
}

// write adds a line above, which stays.
func (s *screen) write(line string) {
	s.above = append(s.above, line)
}

// paint replaces what was painted before with a frame for the terminal's size.
func (s *screen) paint(frame func(width, height int) []string) {
	width, height, err := term.GetSize(int(s.file.Fd()))
	if err != nil || width < 1 || height < 1 {
		width, height = 80, 24
	}
	lines := frame(width, height)
	var out strings.Builder
	out.WriteString(ansi.SetModeSynchronizedOutput + ansi.HideCursor + "\r")
	if rows := s.rows(width); rows > 0 {
		out.WriteString(ansi.CursorUp(rows))
	}
	if len(s.above) > 0 {
		// They may take several rows each: what is there goes first.
		out.WriteString(ansi.EraseScreenBelow)
	}
	for _, line := range s.above {
		out.WriteString(line + "\n")
	}
	for _, line := range lines {
		out.WriteString(ansi.EraseLineRight + line + "\n")
	}
	out.WriteString(ansi.EraseScreenBelow + ansi.ShowCursor + ansi.ResetModeSynchronizedOutput)
	_, _ = s.file.WriteString(out.String()) // Nobody sees it then.
	s.above, s.painted = nil, lines
}

// rows returns how many rows what was painted takes in a terminal that may have
// become narrower: terminals break its lines then.
func (s *screen) rows(width int) int {
	rows := 0
	for _, line := range s.painted {
		rows += max(1, (ansi.StringWidth(line)+width-1)/width)
	}
	return rows
}
