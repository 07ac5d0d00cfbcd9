package automation

import "sync"

// queue hands events to a function, one at a time and in order, without making
// those wait who put them in: the engine doesn't stand still because somebody is
// slow to listen.
type queue struct {
	to      func(Event)
	mu      sync.Mutex
	waiting []Event
	closed  bool
	more    *sync.Cond
	drained chan struct{}
}

// newQueue returns a queue, or nil if nobody listens. Puts into a nil queue do
// nothing.
func newQueue(to func(Event)) *queue {
	if to == nil {
		return nil
	}
	q := &queue{to: to, drained: make(chan struct{})}
	q.more = sync.NewCond(&q.mu)
	go q.deliver()
	return q
}

func (q *queue) put(e Event) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.waiting = append(q.waiting, e)
		q.more.Signal()
	}
}

// close waits until all has been delivered. What is put in later is dropped.
func (q *queue) close() {
	if q == nil {
		return
	}
	q.mu.Lock()
	q.closed = true
	q.more.Signal()
	q.mu.Unlock()
	<-q.drained
}

func (q *queue) deliver() {
	defer close(q.drained)
	for {
		q.mu.Lock()
		for len(q.waiting) == 0 && !q.closed {
			q.more.Wait()
		}
		batch := q.waiting
		q.waiting = nil
		q.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, e := range batch {
			q.to(e)
		}
	}
}
