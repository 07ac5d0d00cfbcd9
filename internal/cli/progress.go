package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/automation"
)

// beat is how often a line says what is under way when nothing else does.
const beat = 10 * time.Second

// progress writes a line for each thing that happens to a stack, and now and
// then one about all that is under way. The lines read the same in a terminal
// and in a log.
type progress struct {
	mu      sync.Mutex
	w       io.Writer
	begin   time.Time
	last    time.Time
	running map[string]*running
}

// running is a stack that is under way.
type running struct {
	done  int
	under map[string]string // by URN: type and name
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, running: map[string]*running{}}
}

// start begins to count time and returns a function that stops it.
func (p *progress) start() (stop func()) {
	p.begin, p.last = time.Now(), time.Now()
	ticker, done := time.NewTicker(time.Second), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-ticker.C:
				p.tick()
			case <-done:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(done)
		wait.Wait()
	}
}

func (p *progress) line(format string, args ...any) {
	p.last = time.Now()
	elapsed := p.last.Sub(p.begin).Round(time.Second)
	fmt.Fprintf(p.w, "%5s  %s\n", elapsed, fmt.Sprintf(format, args...))
}

func (p *progress) event(e automation.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case automation.EventStackStarted:
		p.running[e.Stack] = &running{under: map[string]string{}}
		p.line("%-12s started", e.Stack)
	case automation.EventStackFinished:
		delete(p.running, e.Stack)
		p.finished(e.Result)
	case automation.EventMessage:
		for line := range strings.Lines(e.Message) {
			p.line("%-12s %s", e.Stack, strings.TrimRight(line, "\n"))
		}
	case automation.EventResourceStarted:
		if r := p.running[e.Stack]; r != nil && !strings.HasPrefix(e.Resource.Type, "coldstart:") && e.Resource.Type != "pulumi:pulumi:Stack" {
			r.under[e.Resource.URN] = shortType(e.Resource.Type) + " " + e.Resource.Name
		}
	case automation.EventResourceFinished:
		if r := p.running[e.Stack]; r != nil {
			delete(r.under, e.Resource.URN)
			r.done++
		}
		if e.Failed {
			p.line("%-12s %s of %s %s failed", e.Stack, e.Resource.Operation, shortType(e.Resource.Type), e.Resource.Name)
		}
	}
}

func (p *progress) finished(r *automation.StackResult) {
	switch r.Status {
	case automation.StatusSucceeded:
		p.line("%-12s done: %s", r.Stack, r.Changes)
	case automation.StatusFailed:
		p.line("%-12s FAILED: %s", r.Stack, firstLine(r.Err))
	case automation.StatusSkipped:
		p.line("%-12s skipped: %s", r.Stack, firstLine(r.Err))
	case automation.StatusAbsent:
		p.line("%-12s doesn't exist", r.Stack)
	}
}

// tick writes what is under way if nothing was written for a while.
func (p *progress) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.running) == 0 || time.Since(p.last) < beat {
		return
	}
	var parts []string
	for _, stack := range slices.Sorted(maps.Keys(p.running)) {
		parts = append(parts, p.running[stack].describe(stack))
	}
	p.line("running      %s", strings.Join(parts, "; "))
}

// describe returns "prod: 12 done, zone.Zone zone and 3 more under way".
func (r *running) describe(stack string) string {
	text := fmt.Sprintf("%s: %d done", stack, r.done)
	if len(r.under) == 0 {
		return text
	}
	names := slices.Sorted(maps.Values(r.under))
	text += ", " + names[0]
	if len(names) > 1 {
		text += fmt.Sprintf(" and %d more", len(names)-1)
	}
	return text + " under way"
}

// shortType returns route53.Record for aws:route53/record:Record.
func shortType(t string) string {
	parts := strings.Split(t, ":")
	if len(parts) != 3 {
		return t
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return module + "." + parts[2]
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// say writes a line that is about no stack.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("%s", text)
}
