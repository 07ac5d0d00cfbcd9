package limits_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// stage is a proxy in front of a fake emulator, and the proxy's clock.
type stage struct {
	t     *testing.T
	front *proxy.Server
	clock *proxytest.Clock
}

// start starts a proxy in front of a fake emulator.
func start(t *testing.T, emulator http.HandlerFunc, o proxy.Options) *stage {
	t.Helper()
	server, clock := proxytest.Start(t, emulator, o)
	return &stage{t: t, front: server, clock: clock}
}

func (s *stage) config(key string) aws.Config { return proxytest.Config(s.front, key) }

func (s *stage) master() aws.Config { return s.config("test") }

func ctx() context.Context { return context.Background() }

// soon returns a context with a timeout, for a call that a rule must refuse. If the rule passes
// the call instead, the emulator would hold it up for ever.
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

// answer returns an emulator that gives the same answer to all requests.
func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}
