package limits

import (
	"sync"
	"time"
)

// throttle refuses calls that come faster than AWS takes them.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html tells how
// the buckets of all services work.
type throttle struct {
	w       *World
	mu      sync.Mutex
	buckets map[string]*bucket
}

func newThrottle(w *World) *throttle { return &throttle{w: w, buckets: map[string]*bucket{}} }

func (*throttle) Name() string { return "rate exceeded" }

func (r *throttle) Apply(c *Call, next Next) *Answer {
	if r.take(c) {
		return next(c)
	}
	return r.w.Throttled(c)
}

// take takes a token from each bucket that the call is counted in, or none.
func (r *throttle) take(c *Call) bool {
	now := r.w.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var from []*bucket
	for _, key := range r.keys(c) {
		b := r.buckets[c.Caller.Account+" "+key.bucket]
		if b == nil {
			b = &bucket{tokens: key.rate.Burst, filled: now}
			r.buckets[c.Caller.Account+" "+key.bucket] = b
		}
		b.fill(key.rate, now)
		if b.tokens < 1 {
			return false
		}
		from = append(from, b)
	}
	for _, b := range from {
		b.tokens--
	}
	return true
}

type bucketKey struct {
	bucket string
	rate   Rate
}

// keys returns the buckets of a call: its action's, and its service's.
func (r *throttle) keys(c *Call) []bucketKey {
	var keys []bucketKey
	all := r.w.Numbers.Rates
	rate, ok := all[c.String()]
	if !ok {
		rate, ok = all[c.Service+":*"]
	}
	if ok {
		keys = append(keys, bucketKey{c.String(), rate})
	}
	if rate, ok := all[c.Service]; ok {
		keys = append(keys, bucketKey{c.Service, rate})
	}
	return keys
}

// bucket holds the calls that are let through at once.
type bucket struct {
	tokens float64
	filled time.Time
}

func (b *bucket) fill(r Rate, now time.Time) {
	b.tokens = min(r.Burst, b.tokens+now.Sub(b.filled).Seconds()*r.PerSecond)
	b.filled = now
}
