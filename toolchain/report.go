package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// reporter tells the user what happens.
type reporter struct {
	w     io.Writer
	every time.Duration // how often long steps are mentioned
	begin string        // of a mention: on a terminal, it replaces the one before
	end   string
	clear string // removes the last mention
	cores int

	mu      sync.Mutex
	steps   []string      // that run now
	started time.Time     // the first of them, or of those that ran when it was started
	work    time.Duration // of all that were started since then, on one core
	idle    chan struct{} // closed when the last of them ends
}

func newReporter(f *os.File) *reporter {
	r := &reporter{w: f, every: 15 * time.Second, end: "\n", cores: runtime.NumCPU()}
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		const erase = "\r\x1b[K"
		r.every, r.begin, r.end, r.clear = time.Second, erase, "", erase
	}
	return r
}

func (r *reporter) line(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.w, r.clear+format+"\n", args...)
}

// watch mentions a step, which takes so much work of one core if that is known, again and
// again until stop is called. Steps that run side by side share a mention.
func (r *reporter) watch(step string, work time.Duration) (stop func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.steps) == 0 {
		r.started, r.work, r.idle = time.Now(), 0, make(chan struct{})
		go r.mention(r.idle)
	}
	r.steps = append(r.steps, step)
	r.work += work
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		i := slices.Index(r.steps, step)
		r.steps = slices.Delete(r.steps, i, i+1)
		if len(r.steps) == 0 {
			close(r.idle)
			fmt.Fprint(r.w, r.clear)
		}
	}
}

// mention mentions what runs until nothing does.
func (r *reporter) mention(idle <-chan struct{}) {
	ticker := time.NewTicker(r.every)
	defer ticker.Stop()
	for {
		select {
		case <-idle:
			return
		case <-ticker.C:
			r.mu.Lock()
			if r.idle == idle && len(r.steps) > 0 {
				fmt.Fprint(r.w, r.begin+r.running()+r.end)
			}
			r.mu.Unlock()
		}
	}
}

// running says what runs, for how long, and about how long it will.
func (r *reporter) running() string {
	text := strings.Join(r.steps, ", ") + ": " + since(r.started)
	if r.work == 0 {
		return text
	}
	left := r.work/time.Duration(r.cores) - time.Since(r.started)
	if left <= 0 {
		return text // This machine is slower than the one whose work it is.
	}
	return fmt.Sprintf("%s, about %d min left", text, int(math.Ceil(left.Minutes())))
}

func since(start time.Time) string { return time.Since(start).Round(time.Second).String() }
