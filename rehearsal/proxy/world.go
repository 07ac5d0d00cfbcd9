package proxy

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Clock tells the time.
type Clock interface{ Now() time.Time }

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// World is what all rules share: AWS's time, the emulator, and who is who. Several
// goroutines may use it.
type World struct {
	// Management is the id of the organization's management account.
	Management string
	// Seed decides what rules leave to chance.
	Seed uint64

	target    *url.URL
	transport http.RoundTripper
	clock     Clock
	begin     time.Time
	scale     float64

	mu      sync.Mutex
	rand    *rand.Rand
	callers map[string]Principal // by the ids of their access keys
}

// Know remembers whose an access key is: from now on, the calls that it signs have
// that caller.
func (w *World) Know(key string, p Principal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callers[key] = p
}

// caller returns whose an access key is; the zero value if nobody knows.
func (w *World) caller(key string) Principal {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.callers[key]
}

// Now returns AWS's time, of which Options.Scale seconds pass in one of ours.
func (w *World) Now() time.Time {
	return w.begin.Add(time.Duration(float64(w.clock.Now().Sub(w.begin)) * w.scale))
}

// Local returns this machine's time, which clients write into their requests and
// compare with the ends of their sessions.
func (w *World) Local() time.Time { return w.clock.Now() }

// Real returns how long a while of AWS's takes here.
func (w *World) Real(d time.Duration) time.Duration { return time.Duration(float64(d) / w.scale) }

// Random returns a number in [0, 1), the same ones for the same Options.Seed and
// order of calls.
func (w *World) Random() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rand.Float64()
}

// Send sends a call to the emulator. A connection that breaks breaks the client's.
func (w *World) Send(ctx context.Context, c *Call) *Answer {
	request, err := c.request(ctx, w.target)
	if err != nil {
		return &Answer{Cut: true}
	}
	response, err := w.transport.RoundTrip(request)
	if err != nil {
		return &Answer{Cut: true}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return &Answer{Cut: true}
	}
	for _, name := range hopByHop {
		response.Header.Del(name)
	}
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

// RequestID returns a new id of a request, as AWS writes them.
func (w *World) RequestID() string {
	w.mu.Lock()
	a, b := w.rand.Uint64(), w.rand.Uint64()
	w.mu.Unlock()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}
