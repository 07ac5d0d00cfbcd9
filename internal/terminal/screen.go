package terminal

import (
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// Repaint is how often the bottom of a terminal is painted.
const Repaint = 125 * time.Millisecond

// Screen is a terminal whose lowest lines are painted over again and again, while
// others scroll by above them. It never reads from the terminal, nor changes its
// modes. Between two paints the cursor is shown and stands below all that was
// written, so that whatever ends the process leaves the terminal usable.
type Screen struct {
	file    *os.File
	above   []string // to be written above with the next paint
	painted []string // what is to be painted over
}

// NewScreen returns the screen of a terminal, such as that of Streams.
func NewScreen(file *os.File) *Screen { return &Screen{file: file} }

// Write adds a line above, which stays.
func (s *Screen) Write(line string) {
	s.above = append(s.above, line)
}

// Paint replaces what was painted before with a frame for the terminal's size.
func (s *Screen) Paint(frame func(width, height int) []string) {
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
func (s *Screen) rows(width int) int {
	rows := 0
	for _, line := range s.painted {
		rows += max(1, (ansi.StringWidth(line)+width-1)/width)
	}
	return rows
}
