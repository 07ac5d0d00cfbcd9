// Package progress shows what happens to stacks while an operation runs. In a terminal it
// paints a board of all stacks below the lines that stay; elsewhere it writes lines alone.
//
//	shown := progress.New(streams)
//	shown.Expect(a.Stacks())
//	stop := shown.Start(ctx)
//	defer stop()
//	result, err := a.Up(ctx) // with shown.Event as automation.Options.OnEvent
//
// Its methods may be called by several goroutines at once.
package progress

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// heartbeat is how often a line says what is under way when nothing else does.
const heartbeat = 10 * time.Second

// Progress shows what happens to stacks. In a terminal it paints a board of them
// below the lines that stay; elsewhere it writes a line for each thing that
// happens, and now and then one about all that is under way.
type Progress struct {
	mu     sync.Mutex
	w      io.Writer
	screen *terminal.Screen // nil without a terminal
	board  board
	begin  time.Time
	last   time.Time
}

// New returns a Progress that writes to the streams' Err. Its time begins now, and once
// more with Start.
func New(streams terminal.Streams) *Progress {
	p := &Progress{w: streams.Err, begin: time.Now(), last: time.Now()}
	if streams.Terminal != nil {
		p.screen = terminal.NewScreen(streams.Terminal)
		p.board.colour = terminal.Colours()
	}
	return p
}

// Lines returns a Progress that writes lines to w, and paints nothing even if w is a
// terminal.
func Lines(w io.Writer) *Progress { return New(terminal.Streams{Err: w}) }

// ExpectPreview says that the next operation is a preview: what it finds is the plan of
// the one after it.
func (p *Progress) ExpectPreview() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.preview = true
}

// SetPace says how many of AWS's seconds pass in one where accounts are created no faster
// than AWS would create them; 0 elsewhere.
func (p *Progress) SetPace(seconds pace.Pace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.pace = seconds
}

// Expect says which stacks are going to run: the named ones, or all.
func (p *Progress) Expect(stacks []organization.Stack, names ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.expect(stacks, names)
}

// Start begins to count time and returns a function that stops it. After that
// the terminal is free for others to write to.
func (p *Progress) Start(ctx context.Context) (stop func()) {
	p.mu.Lock()
	p.begin, p.last = time.Now(), time.Now()
	p.mu.Unlock()
	interval := time.Second
	if p.screen != nil {
		interval = terminal.Repaint
	}
	ticker, done := time.NewTicker(interval), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		interrupted := ctx.Done()
		for {
			select {
			case <-ticker.C:
			case <-interrupted:
				p.interrupt()
				interrupted = nil
			case <-done:
				return
			}
			p.tick()
		}
	})
	return sync.OnceFunc(func() {
		ticker.Stop()
		close(done)
		wait.Wait()
		p.end()
	})
}

func (p *Progress) line(format string, args ...any) {
	p.last = time.Now()
	line := fmt.Sprintf("%5s  %s", seconds(p.last.Sub(p.begin)), fmt.Sprintf(format, args...))
	if p.screen != nil {
		p.screen.Write(terminal.Printable(line))
		return
	}
	fmt.Fprintln(p.w, line)
}

// Event shows an event of an operation.
func (p *Progress) Event(e automation.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.event(e)
	switch e.Kind {
	case automation.EventStackStarted:
		if p.screen == nil {
			p.line("%-12s started", e.Stack)
		}
	case automation.EventStackFinished:
		if p.screen == nil || e.Result.Status == automation.StatusFailed {
			p.line("%-12s %s", e.Stack, outcome(e.Result))
		}
	case automation.EventMessage:
		for line := range strings.Lines(e.Message) {
			p.line("%-12s %s", e.Stack, strings.TrimRight(line, "\n"))
		}
	case automation.EventResourceFinished:
		if e.Failed {
			p.line("%-12s %s of %s %s failed", e.Stack, e.Resource.Operation, changes.Type(e.Resource.Type), e.Resource.Name)
		}
	default: // The board has it.
	}
}

// outcome returns how a stack ended.
func outcome(r *automation.StackResult) string {
	switch r.Status {
	case automation.StatusFailed:
		return "FAILED: " + firstLine(r.Err)
	case automation.StatusSkipped:
		return "skipped: " + firstLine(r.Err)
	case automation.StatusAbsent:
		return "doesn't exist"
	default:
		return "done: " + r.Changes.String()
	}
}

// tick paints the board or, without a terminal, writes what is under way if
// nothing was written for a while.
func (p *Progress) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen != nil {
		p.screen.Paint(func(width, height int) []string {
			return p.board.frame(time.Now(), p.begin, width, height)
		})
		return
	}
	if text := p.board.underWay(); text != "" && time.Since(p.last) >= heartbeat {
		p.line("running      %s%s", p.board.atLeast(time.Now()), text)
	}
}

// interrupt lets the board say why nothing new begins.
func (p *Progress) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.interrupted = true
}

// end gives the terminal back, with a line that sums up in place of the board.
func (p *Progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next("")
	if p.screen != nil {
		p.screen.Paint(func(int, int) []string { return nil })
	}
}

// next ends an operation.
func (p *Progress) next(doing string) {
	if p.screen != nil && p.board.begun() {
		p.line("%s", p.board.totals())
	}
	p.board.next(doing)
}

// Say writes a line that is about no stack.
func (p *Progress) Say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("%s", text)
}

// Phase says what begins now; what ran before has ended.
func (p *Progress) Phase(doing string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next(doing)
	p.line("== %s", doing)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func seconds(d time.Duration) string {
	return d.Round(time.Second).String()
}
