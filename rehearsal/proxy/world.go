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

// Clock tells this machine's time. Several goroutines call Now at the same time.
type Clock interface{ Now() time.Time }

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// World is what all rules of a Front share: AWS's time, the emulator, and the owners of access
// keys. Several goroutines may use a World at the same time.
type World struct {
	// Management is the id of the organization's management account.
	Management string
	// Seed is Options.Seed, for rules whose random choice must not depend on the order of
	// calls.
	Seed uint64

	target    *url.URL
	transport http.RoundTripper
	clock     Clock
	begin     time.Time
	scale     float64

	mu      sync.Mutex
	rand    *rand.Rand
	callers map[string]Principal // by the ids of their access keys
	// delegations are the administrators of services that the emulator doesn't know, by service principal.
	delegations map[string][]delegation
}

// administrator is the owner of Options.Keys: a user that the emulator doesn't have in IAM, and that may
// do everything in the management account.
func (w *World) administrator() Principal {
	return Principal{Account: w.Management, ARN: "arn:aws:iam::" + w.Management + ":user/moto"}
}

// Administrates reports whether a caller is the owner of one of Options.Keys.
func (w *World) Administrates(p Principal) bool { return p == w.administrator() }

// Know remembers the owner of an access key. Later calls that the key signs have that owner as
// their Caller.
func (w *World) Know(key string, p Principal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callers[key] = p
}

// caller returns the owner of an access key; the zero value if the key isn't known.
func (w *World) caller(key string) Principal {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.callers[key]
}

// Now returns AWS's time. Options.Scale seconds of it pass in one second of this machine.
func (w *World) Now() time.Time {
	return w.begin.Add(time.Duration(float64(w.clock.Now().Sub(w.begin)) * w.scale))
}

// Local returns this machine's time. Clients sign their requests with this time, and compare
// the end of a session with it, so rules about sessions use Local in place of Now.
func (w *World) Local() time.Time { return w.clock.Now() }

// Real returns how long a duration of AWS's takes on this machine.
func (w *World) Real(d time.Duration) time.Duration { return time.Duration(float64(d) / w.scale) }

// Random returns a random number in [0, 1). The numbers are the same in every run with the same
// Options.Seed, as long as Random and RequestID are called in the same order.
func (w *World) Random() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rand.Float64()
}

// Send sends a call to the emulator, past all rules, and returns the emulator's answer. If the
// emulator can't be reached or its answer breaks off, Send returns an answer with Cut.
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

// RequestID returns a new request id in the form of AWS's.
func (w *World) RequestID() string {
	w.mu.Lock()
	a, b := w.rand.Uint64(), w.rand.Uint64()
	w.mu.Unlock()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}
