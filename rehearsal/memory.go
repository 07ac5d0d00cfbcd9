package rehearsal

import (
	"sync"
	"time"
)

// sampleEvery is how often memory is measured.
const sampleEvery = 500 * time.Millisecond

// peak measures the memory of this process and its descendants. It leaves out one process and that
// process's descendants.
type peak struct {
	bytes int64 // used by the measuring goroutine until it has ended
	done  chan struct{}
	wait  sync.WaitGroup
}

// measure starts the measurement. except is the id of the process to leave out.
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

// stop ends the measurement and returns the maximum.
func (p *peak) stop() int64 {
	close(p.done)
	p.wait.Wait()
	return p.bytes
}
