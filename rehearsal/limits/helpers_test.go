package limits_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

// stage is a front, its clock and what stands behind it.
type stage struct {
	t     *testing.T
	front *limits.Server
	clock *clock
}

// start puts a front before a fake emulator.
func start(t *testing.T, emulator http.HandlerFunc, o limits.Options) *stage {
	t.Helper()
	behind := httptest.NewServer(emulator)
	t.Cleanup(behind.Close)
	c := newClock()
	o.Clock = c
	front, err := limits.Start(behind.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = front.Close() })
	return &stage{t: t, front: front, clock: c}
}

// config returns one whose clients ask once, with a key.
func (s *stage) config(key string) aws.Config {
	return aws.Config{
		Region:       "eu-north-1",
		BaseEndpoint: aws.String(s.front.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider(key, key, ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func (s *stage) master() aws.Config { return s.config("test") }

// isThrottle reports whether SDKs slow down and try again.
func isThrottle(err error) bool {
	check := retry.IsErrorThrottles(retry.DefaultThrottles)
	return check.IsErrorThrottle(err) == aws.TrueTernary
}

// only has a single rule, for tests that want to be about nothing else.
func only[R limits.Rule](rule func(*limits.World) R) func(*limits.World) []limits.Rule {
	return func(w *limits.World) []limits.Rule { return []limits.Rule{rule(w)} }
}

func ctx() context.Context { return context.Background() }

// soon ends a call that the emulator holds up for ever, since a rule let it through
// that it shouldn't have.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is an emulator that says the same to all.
func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}
