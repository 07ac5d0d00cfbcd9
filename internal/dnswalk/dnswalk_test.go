package dnswalk

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"github.com/coldstart-aws/coldstart/internal/dnstest"
)

// A circle of referrals ends, and the servers are asked no more than so often.
func TestCircleOfReferrals(t *testing.T) {
	t.Parallel()
	in := dnstest.Good()
	in.Change("test.", "ns-1.master IN A 127.0.0.7", `
a IN NS ns-1.b.test.
a IN NS ns-2.b.test.
b IN NS ns-1.a.test.
b IN NS ns-2.a.test.
`, dnstest.ParentAddr)
	var asked atomic.Int32
	port := in.Serve(t, map[string]dnstest.Answering{dnstest.ParentAddr: func(_ string, m *dns.Msg) *dns.Msg {
		asked.Add(1)
		return m
	}})
	w := New(t.Context(), Options{Servers: []netip.Addr{netip.MustParseAddr(dnstest.RootAddr)}, Port: port})
	_, err := w.WithAddresses(t.Context(), Server{Name: "ns.a.test."})
	if err == nil || !strings.Contains(err.Error(), "a circle of referrals") {
		t.Error(err)
	}
	if n := asked.Load(); n > lookupSteps {
		t.Errorf("the server was asked %d times", n)
	}
}

// The first that answers is where it starts, whatever becomes of the others.
func TestStart(t *testing.T) {
	t.Parallel()
	in := dnstest.Good()
	port := in.Serve(t, nil)
	addrs := []netip.Addr{netip.MustParseAddr("100::1"), netip.MustParseAddr("127.0.0.99"), netip.MustParseAddr(dnstest.RootAddr)}
	w := New(t.Context(), Options{Servers: addrs, Port: port})
	if got, err := w.start(); err != nil || got.String() != dnstest.RootAddr || w.v6 {
		t.Errorf("%v, %v", got, err)
	}
	w = New(t.Context(), Options{Servers: addrs[1:2], Port: port})
	if got, err := w.start(); err == nil || !strings.Contains(err.Error(), "127.0.0.99 doesn't answer: ") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPreferred(t *testing.T) {
	t.Parallel()
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for first, w := range map[netip.Addr]*Walker{v4: {}, v6: {v6: true}} {
		for _, addrs := range [][]netip.Addr{{v4, v6}, {v6, v4}} {
			if got := w.preferred(addrs); got[0] != first {
				t.Errorf("got %v", got)
			}
		}
	}
}

// What counts is what the zone above says, and only if it is that zone which answers.
func TestDelegation(t *testing.T) {
	t.Parallel()
	cached := func(_ string, m *dns.Msg) *dns.Msg {
		m.Answer, m.Ns, m.Extra, m.Authoritative, m.Rcode = nil, nil, nil, false, dns.RcodeNameError
		return m
	}
	for name, c := range map[string]struct {
		zone string
		odd  map[string]dnstest.Answering
		want []string
		err  error
	}{
		"below a top level":  {zone: "acme.example", want: []string{"ns-1.aws.test.", "ns-2.aws.test."}},
		"below another zone": {zone: "Prod.acme.example.", want: []string{"ns-3.aws.test.", "ns-4.aws.test."}},
		"of nobody":          {zone: "other.example"},
		"from a cache":       {zone: "acme.example", odd: map[string]dnstest.Answering{dnstest.ParentAddr: cached}, err: ErrNotAuthoritative},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := dnstest.Good().Serve(t, c.odd)
			w := New(t.Context(), Options{Servers: []netip.Addr{netip.MustParseAddr(dnstest.RootAddr)}, Port: port})
			got, err := w.Delegation(t.Context(), c.zone)
			if !errors.Is(err, c.err) || !slices.Equal(got, c.want) {
				t.Errorf("%v, %v; want %v, %v", got, err, c.want, c.err)
			}
		})
	}
}
