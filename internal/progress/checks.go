package progress

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Patience is for how long checks and proofs are under way without a word.
const Patience = 2 * time.Second

// Checks says which checks are under way, if they take long.
type Checks struct {
	w      io.Writer
	mu     sync.Mutex
	checks map[string]bool
}

// NewChecks returns Checks that writes lines to w.
func NewChecks(w io.Writer) *Checks { return &Checks{w: w, checks: map[string]bool{}} }

// Event notes that a check has begun, or is done.
func (c *Checks) Event(_, check string, done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if done {
		delete(c.checks, check)
	} else {
		c.checks[check] = true
	}
}

// Start says so every few seconds until the function that it returns is called.
func (c *Checks) Start() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(Patience); ; {
			select {
			case <-tick.C:
				c.say()
			case <-done:
				tick.Stop()
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

func (c *Checks) say() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.checks) > 0 {
		fmt.Fprintf(c.w, "still looking at: %s\n", strings.Join(slices.Sorted(maps.Keys(c.checks)), ", "))
	}
}
