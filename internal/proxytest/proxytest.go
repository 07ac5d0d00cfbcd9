// Package proxytest helps to test the rules of a proxy in front of an emulator: with a
// fake emulator, a clock that the test moves, and SDK clients that ask once.
package proxytest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Clock is moved by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass moves the clock.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// NewClock returns a clock at the beginning of 2026.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

// Start puts a proxy before a fake emulator. The proxy has the clock that is returned.
func Start(t *testing.T, emulator http.HandlerFunc, o proxy.Options) (*proxy.Server, *Clock) {
	t.Helper()
	behind := httptest.NewServer(emulator)
	t.Cleanup(behind.Close)
	clock := NewClock()
	o.Clock = clock
	server, err := proxy.Start(behind.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, clock
}

// Config returns a configuration whose clients ask a proxy once, with a key.
func Config(s *proxy.Server, key string) aws.Config {
	return aws.Config{
		Region:       "eu-north-1",
		BaseEndpoint: aws.String(s.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider(key, key, ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// IsThrottle reports whether SDKs slow down and try again.
func IsThrottle(err error) bool {
	check := retry.IsErrorThrottles(retry.DefaultThrottles)
	return check.IsErrorThrottle(err) == aws.TrueTernary
}

// Only returns a single rule, for tests that want to be about nothing else.
func Only[R proxy.Rule](rule func(*proxy.World) R) func(*proxy.World) []proxy.Rule {
	return func(w *proxy.World) []proxy.Rule { return []proxy.Rule{rule(w)} }
}
