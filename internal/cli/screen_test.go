package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/organization"
)

// emulated is a terminal: a pseudo-terminal and what it would show. It knows the
// control sequences that may be written to it, and no others.
type emulated struct {
	t       *testing.T
	file    *os.File
	control *os.File
	output  chan string
	pending string
	lines   [][]rune
	row     int
	column  int
	hidden  bool
}

func newEmulated(t *testing.T, width, height uint16) *emulated {
	t.Helper()
	control, file, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	e := &emulated{t: t, file: file, control: control, output: make(chan string)}
	t.Cleanup(func() { _ = control.Close() })
	e.resize(width, height)
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

func (e *emulated) resize(width, height uint16) {
	if err := pty.Setsize(e.control, &pty.Winsize{Cols: width, Rows: height}); err != nil {
		e.t.Fatal(err)
	}
}

// until reads until the terminal shows a text, whole screens at a time.
func (e *emulated) until(text string) {
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

// rest reads until the other end is closed.
func (e *emulated) rest() {
	for output := range e.output {
		e.write(output)
	}
}

func (e *emulated) write(output string) {
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

func (e *emulated) do(sequence string) {
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
		e.hidden = true
	case sequence == ansi.ShowCursor:
		e.hidden = false
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

func (e *emulated) String() string {
	var lines []string
	for _, line := range e.lines {
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n")
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	e := newEmulated(t, 30, 24)
	p := newProgress(IO{Err: e.file, Terminal: e.file})
	p.expect([]organization.Stack{{Name: "master"}, {Name: "prod"}, {Name: "dev"}})
	ctx, cancel := context.WithCancel(t.Context())
	stop := p.start(ctx)
	send := func(stack string, kind automation.EventKind, e automation.Event) {
		e.Time, e.Stack, e.Kind = time.Now(), stack, kind
		p.event(e)
	}
	p.phase("bringing it up")
	send("master", automation.EventStackStarted, automation.Event{})
	send("master", begins, automation.Event{Resource: automation.Resource{Type: recordType, Name: "www"}})
	e.until("route53.Reco…")
	e.resize(60, 24)
	e.until("route53.Record www")
	send("master", ends, automation.Event{Resource: automation.Resource{Type: recordType, Name: "www", Operation: "create"}, Failed: true})
	send("master", automation.EventMessage, automation.Event{Message: "one\r\x1b[Aand a half\n" + strings.Repeat("two ", 30)})
	e.until("two two")
	cancel()
	e.until("interrupted: waiting for what is under way to end")
	if e.hidden {
		t.Error("the cursor is hidden while the board is there")
	}
	send("master", automation.EventStackFinished, automation.Event{Result: &automation.StackResult{Stack: "master", Status: automation.StatusFailed, Err: errors.New("taken\nmore")}})
	for _, stack := range []string{"prod", "dev"} {
		send(stack, automation.EventStackFinished, automation.Event{Result: &automation.StackResult{Stack: stack, Status: automation.StatusSkipped, Err: context.Canceled}})
	}
	stop()
	stop() // As a deferred call does.
	_, _ = io.WriteString(e.file, "STACK\n")
	_ = e.file.Close()
	e.rest()
	want := strings.Join([]string{
		"   0s  == bringing it up",
		"   0s  master       create of route53.Record www failed",
		"   0s  master       one and a half",
		"   0s  master       " + strings.Repeat("two ", 30),
		"   0s  master       FAILED: taken",
		"   0s  0 of 3 stacks done, 1 failed, 2 skipped",
		"STACK",
	}, "\n")
	// It took as long as the machine took.
	got := strings.NewReplacer("   1s", "   0s", "   2s", "   0s", "   3s", "   0s").Replace(e.String())
	if diff := cmp.Diff(want, got); diff != "" || e.hidden {
		t.Errorf("hidden cursor: %t (-want +got)\n%s", e.hidden, diff)
	}
}

// Lines are broken by a terminal that became narrower; all of them are painted
// over.
func TestNarrower(t *testing.T) {
	t.Parallel()
	s := screen{painted: []string{strings.Repeat("x", 80), "\x1b[32m✓\x1b[m", "", strings.Repeat("世", 20)}}
	for width, want := range map[int]int{80: 4, 79: 5, 40: 5, 20: 8} {
		if got := s.rows(width); got != want {
			t.Errorf("%d columns: %d rows, want %d", width, got, want)
		}
	}
}

// Where nobody looks, there is nothing to paint on.
func TestPaintable(t *testing.T) {
	file := newEmulated(t, 80, 24).file
	defer file.Close()
	pipe, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for _, c := range []struct {
		term, ci string
		file     *os.File
		want     *os.File
	}{
		{"xterm-256color", "", file, file},
		{"dumb", "", file, nil},
		{"", "", file, nil},
		{"xterm", "true", file, nil},
		{"xterm", "", pipe, nil},
	} {
		t.Setenv("TERM", c.term)
		t.Setenv("CI", c.ci)
		if got := paintable(c.file); got != c.want {
			t.Errorf("TERM=%q CI=%q %s: %v", c.term, c.ci, c.file.Name(), got)
		}
	}
}
