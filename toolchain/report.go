package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// reporter tells the user what happens.
type reporter struct {
	w     io.Writer
	every time.Duration // how often a long step is mentioned
	begin string        // of a mention: on a terminal, it replaces the one before
	end   string
	clear string // removes the last mention
}

func newReporter(f *os.File) *reporter {
	info, err := f.Stat()
	if err == nil && info.Mode()&os.ModeCharDevice != 0 {
		const erase = "\r\x1b[K"
		return &reporter{w: f, every: time.Second, begin: erase, clear: erase}
	}
	return &reporter{w: f, every: 15 * time.Second, end: "\n"}
}

func (r *reporter) line(format string, args ...any) {
	fmt.Fprintf(r.w, format+"\n", args...)
}

// watch mentions a step and for how long it has run, again and again until
// stop is called. Nothing else is reported meanwhile.
func (r *reporter) watch(step, estimate string) (stop func()) {
	if estimate != "" {
		estimate = ", " + estimate
	}
	start := time.Now()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(r.every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				fmt.Fprint(r.w, r.clear)
				return
			case <-ticker.C:
				fmt.Fprintf(r.w, "%s%s: %s%s%s", r.begin, step, since(start), estimate, r.end)
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

func since(start time.Time) string { return time.Since(start).Round(time.Second).String() }
