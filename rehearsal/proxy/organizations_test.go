package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

type fixedClock struct{ now time.Time }

func (c *fixedClock) Now() time.Time { return c.now }

// The world knows the administrators of services that the emulator doesn't know, and since when they are ones.
func TestDelegations(t *testing.T) {
	t.Parallel()
	emulator := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(emulator.Close)
	target, err := url.Parse(emulator.URL)
	if err != nil {
		t.Fatal(err)
	}
	clock := &fixedClock{time.Unix(1800000000, 0)}
	begin := clock.now
	var w *proxy.World
	proxy.New(target, proxy.Options{Clock: clock, Rules: func(world *proxy.World) []proxy.Rule {
		w = world
		return nil
	}})
	const service = "sso.amazonaws.com"
	administers := func(account string) bool { return w.Administers(t.Context(), account, service) }
	if administers("1") || !administers(w.Management) {
		t.Error("somebody administers it at first, or the management account doesn't")
	}
	w.Delegate(service, []string{"2", "1"})
	clock.now = begin.Add(time.Minute)
	w.Delegate(service, []string{"1", "3"})
	if all := w.Delegations()[service]; !slices.Equal(all, []string{"1", "3"}) || administers("2") || !administers("3") {
		t.Errorf("the administrators are %s", all)
	}
	for account, since := range map[string]time.Time{"1": begin, "2": {}, "3": clock.now} {
		if got := w.DelegatedSince(account, service); !got.Equal(since) {
			t.Errorf("%s is one since %s, not %s", account, got, since)
		}
	}
}
