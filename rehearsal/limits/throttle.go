package limits

import (
	"sync"

	"golang.org/x/time/rate"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// throttle refuses calls that come faster than AWS's rates. An account has a token bucket for each
// action, and another for all actions of a service if AWS limits them together.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html describes token
// buckets for EC2. The rule assumes that other services work the same way.
type throttle struct {
	w       *world
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newThrottle(w *world) *throttle {
	return &throttle{w: w, buckets: map[string]*rate.Limiter{}}
}

func (*throttle) Name() string { return "rate exceeded" }

func (r *throttle) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if r.take(c) {
		return next(c)
	}
	return r.w.Throttled(c)
}

// take takes a token from each bucket of a call, and reports true. If one of the buckets is empty,
// it takes no token and reports false.
func (r *throttle) take(c *proxy.Call) bool {
	now := r.w.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var from []*rate.Limiter
	for _, key := range r.keys(c) {
		bucket := r.bucket(c.Caller.Account, key)
		if bucket.TokensAt(now) < 1 {
			return false
		}
		from = append(from, bucket)
	}
	for _, bucket := range from {
		bucket.AllowN(now, 1)
	}
	return true
}

// bucket returns an account's bucket. A new bucket is full. The caller holds the lock.
func (r *throttle) bucket(account string, key bucketKey) *rate.Limiter {
	name := account + " " + key.bucket
	if r.buckets[name] == nil {
		r.buckets[name] = rate.NewLimiter(rate.Limit(key.rate.PerSecond), int(key.rate.Burst))
	}
	return r.buckets[name]
}

type bucketKey struct {
	bucket string
	rate   awslimits.Rate
}

// keys returns the buckets of a call: the bucket of its action, and the bucket of its service.
func (r *throttle) keys(c *proxy.Call) []bucketKey {
	var keys []bucketKey
	all := r.w.Numbers.Rates
	ofAction, ok := all[c.String()]
	if !ok {
		ofAction, ok = all[c.Service+":*"]
	}
	if ok {
		keys = append(keys, bucketKey{c.String(), ofAction})
	}
	if ofService, ok := all[c.Service]; ok {
		keys = append(keys, bucketKey{c.Service, ofService})
	}
	return keys
}
