// Package proxytest helps to test rules of package proxy: with a fake emulator, a clock that the
// test moves, and SDK clients that don't retry.
//
//	server, clock := proxytest.Start(t, emulator, proxy.Options{Rules: limits.Rules})
//	client := iam.NewFromConfig(proxytest.Config(server, "test"))
//	_, err := client.GetRole(ctx, in)
//	clock.Pass(time.Minute)
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

// Clock is a proxy.Clock that only Pass moves. Several goroutines may use it at the same time.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass moves the clock forward.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// NewClock returns a clock at the beginning of 2026.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

// Start starts a proxy in front of a fake emulator, and returns the proxy and the clock that the
// proxy reads. Both servers end with the test.
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

// Config returns a configuration for SDK clients that call a proxy, sign with the access key
// whose id is key, and don't retry.
func Config(s *proxy.Server, key string) aws.Config {
	return aws.Config{
		Region:       "eu-north-1",
		BaseEndpoint: aws.String(s.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider(key, key, ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// IsThrottle reports whether an SDK takes an error for throttling.
func IsThrottle(err error) bool {
	check := retry.IsErrorThrottles(retry.DefaultThrottles)
	return check.IsErrorThrottle(err) == aws.TrueTernary
}

// Only returns a value for proxy.Options.Rules with a single rule, so that a test involves no
// other rule.
func Only[R proxy.Rule](rule func(*proxy.World) R) func(*proxy.World) []proxy.Rule {
	return func(w *proxy.World) []proxy.Rule { return []proxy.Rule{rule(w)} }
}
