// Package terminaltest has a terminal for tests: what is written to it is read back as a
// person would see it.
package terminaltest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

// Terminal is a terminal: a pseudo-terminal and what it would show. It knows the
// control sequences that may be written to it, and no others.
type Terminal struct {
	t *testing.T
	// File is the end that a program writes to.
	File    *os.File
	control *os.File
	output  chan string
	pending string
	lines   [][]rune
	row     int
	column  int
	// Hidden is set while the cursor is.
	Hidden bool
}

// New returns a terminal of so many columns and rows.
func New(t *testing.T, width, height uint16) *Terminal {
	t.Helper()
	control, file, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	e := &Terminal{t: t, File: file, control: control, output: make(chan string)}
	t.Cleanup(func() { _ = control.Close() })
	e.Resize(width, height)
	go func() {
		defer close(e.output)
		buffer := make([]byte, 4096)
		for {
			n, err := control.Read(buffer)
			if err != nil {
				return // The other end was closed.
			}
			e.output <- string(buffer[:n])
		}
	}()
	return e
}

// Resize gives the terminal another size.
func (e *Terminal) Resize(width, height uint16) {
	if err := pty.Setsize(e.control, &pty.Winsize{Cols: width, Rows: height}); err != nil {
		e.t.Fatal(err)
	}
}

// Until reads until the terminal shows a text, whole screens at a time.
func (e *Terminal) Until(text string) {
	e.t.Helper()
	timeout := time.After(time.Minute)
	for !strings.Contains(e.String(), text) || e.pending != "" {
		select {
		case output, ok := <-e.output:
			if !ok {
				e.t.Fatalf("no %q at the end of\n%s", text, e)
			}
			e.write(output)
		case <-timeout:
			e.t.Fatalf("no %q in\n%s", text, e)
		}
	}
}

// Rest reads until the other end is closed.
func (e *Terminal) Rest() {
	for output := range e.output {
		e.write(output)
	}
}

func (e *Terminal) write(output string) {
	e.pending += output
	for e.pending != "" {
		sequence, _, n, state := ansi.DecodeSequence(e.pending, 0, nil)
		if state != 0 || !utf8.ValidString(sequence) {
			return // The rest is still to come.
		}
		e.pending = e.pending[n:]
		e.do(sequence)
	}
}

func (e *Terminal) do(sequence string) {
	for len(e.lines) <= e.row {
		e.lines = append(e.lines, nil)
	}
	line := &e.lines[e.row]
	var up int
	switch _, err := fmt.Sscanf(sequence, "\x1b[%dA", &up); {
	case err == nil:
		e.row -= up
	case sequence == "\r":
		e.column = 0
	case sequence == "\n":
		e.row++
	case sequence == ansi.HideCursor:
		e.Hidden = true
	case sequence == ansi.ShowCursor:
		e.Hidden = false
	case sequence == ansi.EraseLineRight:
		*line = (*line)[:min(len(*line), e.column)]
	case sequence == ansi.EraseScreenBelow:
		*line = (*line)[:min(len(*line), e.column)]
		e.lines = e.lines[:e.row+1]
	case sequence == ansi.SetModeSynchronizedOutput, sequence == ansi.ResetModeSynchronizedOutput:
	case strings.HasSuffix(sequence, "m") && strings.HasPrefix(sequence, "\x1b["): // A colour.
	case strings.ContainsFunc(sequence, func(r rune) bool { return r < ' ' }):
		e.t.Errorf("the terminal got %q", sequence)
	default:
		*line = slices.Replace(*line, e.column, min(len(*line), e.column+1), []rune(sequence)...)
		e.column++
	}
}

// String returns what the terminal shows.
func (e *Terminal) String() string {
	var lines []string
	for _, line := range e.lines {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}
