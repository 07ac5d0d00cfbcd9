package automation

import (
	"slices"
	"strconv"
	"testing"
)

// Who puts an event in doesn't wait for a slow listener; who closes the queue waits
// until it has heard everything, in order.
func TestQueue(t *testing.T) {
	t.Parallel()
	begin := make(chan struct{})
	var heard []string
	q := newQueue(func(e Event) {
		<-begin
		heard = append(heard, e.Message)
	})
	var want []string
	for i := range 1000 {
		want = append(want, strconv.Itoa(i))
		q.put(Event{Message: want[i]})
	}
	close(begin)
	q.close()
	q.put(Event{Message: "too late"})
	if !slices.Equal(want, heard) {
		t.Errorf("heard %d events, not %d in order", len(heard), len(want))
	}
	nobody := newQueue(nil)
	nobody.put(Event{})
	nobody.close()
}
