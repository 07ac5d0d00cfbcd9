package rehearsal

import (
	"sync"
	"time"
)

// sampleEvery is how often memory is measured.
const sampleEvery = 500 * time.Millisecond

// peak measures the memory of this process and its descendants, except those
// below a process to leave out.
type peak struct {
	bytes int64 // belongs to the measuring goroutine until it has ended
	done  chan struct{}
	wait  sync.WaitGroup
}

// measure starts to measure; except is the id of the process to leave out.
func measure(except int) *peak {
	p := &peak{done: make(chan struct{})}
	p.wait.Go(func() {
		ticker := time.NewTicker(sampleEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.bytes = max(p.bytes, memory(except))
			case <-p.done:
				return
			}
		}
	})
	return p
}

// stop returns the most that was measured.
func (p *peak) stop() int64 {
	close(p.done)
	p.wait.Wait()
	return p.bytes
}
