package proof

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/coldstart-aws/coldstart/internal/dnstest"
	"github.com/coldstart-aws/coldstart/internal/dnswalk"
)

// resolves returns a prover of acme.example whose resolver starts at the test's root server.
func resolves(t *testing.T, in dnstest.Internet, odd map[string]dnstest.Answering, timeout time.Duration) *prover {
	t.Helper()
	port := in.Serve(t, odd)
	start := []netip.Addr{netip.MustParseAddr(dnstest.RootAddr)}
	o := Options{DNSServers: start, DNSPort: port}
	org := declared()
	p := &prover{org: org, resolver: resolver{dnswalk.New(t.Context(), dnswalk.Options{Servers: start, Port: port, Timeout: timeout})}}
	p.reach = p.resolver.Reach
	p.unresolved = func() string { return p.unresolvable(o) }
	p.apex = func() (apexZone, error) {
		return apexZone{zone: zone{"Z0", []string{"ns-2.aws.test", "ns-1.aws.test"}}}, nil
	}
	p.accounts = []*account{
		{name: "master", zone: zone{"Z1", []string{"ns-1.master.test."}}},
		{name: "prod", zone: zone{"Z2", []string{"ns-3.aws.test", "ns-4.aws.test"}}},
	}
	return p
}

// failures returns the details of the claims that don't hold, by a short name of the claim.
func (p *prover) failures(ctx context.Context, t *testing.T) map[string]string {
	t.Helper()
	short := map[string]string{
		"the zone above delegates acme.example to the apex zone's name servers":            "above",
		"each name server of acme.example answers for it":                                  "apex",
		"each name server of acme.example refers to those of the zone master.acme.example": "to master",
		"each name server of master.acme.example answers for it":                           "master",
		"local.acme.example is 127.0.0.1 at each name server of acme.example":              "local",
		"x.local.acme.example is 127.0.0.1 at each name server of acme.example":            "x.local",
		"each name server of acme.example refers to those of the zone prod.acme.example":   "to prod",
		"each name server of prod.acme.example answers for it":                             "prod",
	}
	failed := map[string]string{}
	claims := 0
	for _, a := range p.accounts {
		p.proveResolution(ctx, a)
		for _, proof := range a.proofs {
			claims++
			if short[proof.Claim] == "" || proof.Subject != "resolution" {
				t.Errorf("unknown claim: %+v", proof)
			}
			if !proof.Holds {
				failed[short[proof.Claim]] = proof.Detail + "; " + proof.Remedy
			}
		}
	}
	if claims != len(short) {
		t.Errorf("%d claims, and not %d", claims, len(short))
	}
	return failed
}

func TestResolution(t *testing.T) {
	t.Parallel()
	silent := func(string, *dns.Msg) *dns.Msg { return nil }
	refuses := func(_ string, m *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(m, dns.RcodeRefused) }
	lame := func(_ string, m *dns.Msg) *dns.Msg {
		m.Authoritative = false
		return m
	}
	cut := func(network string, m *dns.Msg) *dns.Msg {
		if network == "udp" {
			m.Answer, m.Ns, m.Extra, m.Truncated = nil, nil, nil, true
		}
		return m
	}
	const apexZone = "acme.example."
	for name, c := range map[string]struct {
		change func(dnstest.Internet)
		odd    map[string]dnstest.Answering
		silent bool                // whether a server in odd doesn't answer
		want   map[string][]string // what details have, by claim
	}{
		"all is well": {},
		"the registrar has no name servers": {
			change: func(in dnstest.Internet) {
				in.Change("example.", "acme IN NS ns-1.aws.test.\nacme IN NS ns-2.aws.test.\nacme IN DS 1 13 2 00\n", "", dnstest.ParentAddr)
			},
			want: map[string][]string{"above": {
				"ns.nic.example (127.0.0.2): asked for NS of acme.example, it doesn't refer to the zone's name servers but answers NXDOMAIN",
				"enter ns-1.aws.test, ns-2.aws.test as the name servers of acme.example at its registrar",
			}},
		},
		"the registrar has others": {
			change: func(in dnstest.Internet) {
				in.Change("example.", "acme IN NS ns-2.aws.test.", "acme IN NS ns-9.aws.test.", dnstest.ParentAddr)
			},
			want: map[string][]string{"above": {"refers to ns-1.aws.test, ns-9.aws.test, and not to ns-1.aws.test, ns-2.aws.test; enter"}},
		},
		"a wildcard in the zone above": {
			change: func(in dnstest.Internet) {
				in.Change("example.", "acme IN NS ns-1.aws.test.\nacme IN NS ns-2.aws.test.\nacme IN DS 1 13 2 00\n", "* IN NS ns-1.aws.test.\n* IN NS ns-2.aws.test.\n", dnstest.ParentAddr)
			},
			want: map[string][]string{"above": {"answers with records of its own, NS"}},
		},
		"a wildcard alias in the apex zone": {
			change: func(in dnstest.Internet) {
				in.Change(apexZone, "prod IN NS ns-3.aws.test.\nprod IN NS NS-4.AWS.test.", "* IN CNAME www.example.", dnstest.Apex1Addr, dnstest.Apex2Addr)
			},
			want: map[string][]string{"to prod": {"answers with records of its own, CNAME"}},
		},
		"one delegation is missing": {
			change: func(in dnstest.Internet) {
				in.Change(apexZone, "prod IN NS ns-3.aws.test.\nprod IN NS NS-4.AWS.test.", "", dnstest.Apex1Addr, dnstest.Apex2Addr)
			},
			want: map[string][]string{"to prod": {
				"ns-1.aws.test (127.0.0.3), ns-2.aws.test (127.0.0.4): asked for NS of prod.acme.example",
				"NXDOMAIN", "run `coldstart refresh prod` and `coldstart up prod`",
			}},
		},
		"one has a server too many, at one server": {
			change: func(in dnstest.Internet) {
				in.Change(apexZone, "prod IN NS ns-3.aws.test.", "prod IN NS ns-3.aws.test.\nprod IN NS ns-9.aws.test.", dnstest.Apex2Addr)
			},
			want: map[string][]string{"to prod": {"ns-2.aws.test (127.0.0.4): asked for NS of prod.acme.example, it refers to ns-3.aws.test, ns-4.aws.test, ns-9.aws.test, and not to"}},
		},
		"a server refuses": {
			odd:  map[string]dnstest.Answering{dnstest.Prod2Addr: refuses},
			want: map[string][]string{"prod": {"ns-4.aws.test (127.0.0.6): asked for SOA of prod.acme.example, it answers REFUSED; a new zone"}},
		},
		"a server answers from a cache": {
			odd:  map[string]dnstest.Answering{dnstest.Prod1Addr: lame},
			want: map[string][]string{"prod": {"ns-3.aws.test (127.0.0.5): asked for SOA of prod.acme.example, it answers with records of its own, SOA, without authority"}},
		},
		"a server has another zone": {
			change: func(in dnstest.Internet) { in[dnstest.Prod1Addr] = in[dnstest.Apex1Addr] },
			want:   map[string][]string{"prod": {"it answers with a referral to the servers of prod.acme.example."}},
		},
		"a server is silent": {
			odd: map[string]dnstest.Answering{dnstest.Prod1Addr: silent}, silent: true,
			want: map[string][]string{"prod": {"ns-3.aws.test (127.0.0.5): doesn't answer in time; a new zone"}},
		},
		"a server isn't there": {
			change: func(in dnstest.Internet) {
				in.Change("test.", "ns-3.aws IN A 127.0.0.5", "ns-3.aws IN A 127.0.0.99", dnstest.ParentAddr)
			},
			want: map[string][]string{"prod": {"ns-3.aws.test (127.0.0.99): doesn't answer: "}},
		},
		"a server has no address": {
			change: func(in dnstest.Internet) { in.Change("test.", "ns-3.aws IN A 127.0.0.5\n", "", dnstest.ParentAddr) },
			want:   map[string][]string{"prod": {"ns-3.aws.test has no address"}},
		},
		"answers are cut over UDP": {
			odd: map[string]dnstest.Answering{dnstest.RootAddr: cut, dnstest.ParentAddr: cut, dnstest.Apex1Addr: cut, dnstest.Prod1Addr: cut},
		},
		"the one server above is silent": {
			odd: map[string]dnstest.Answering{dnstest.ParentAddr: silent}, silent: true,
			want: map[string][]string{
				"above": {"the servers of the zone above can't be found: no server of the zone example. knows acme.example: ns.nic.example (127.0.0.2) doesn't answer in time"},
				"apex":  {"no server of the zone test. knows ns-1.aws.test"}, "to master": {}, "master": {}, "local": {}, "x.local": {}, "to prod": {}, "prod": {},
			},
		},
		"referrals go round in a circle": {
			change: func(in dnstest.Internet) {
				in.Change("test.", "ns-3.aws IN A 127.0.0.5", `
loop-a IN NS ns-1.loop-b.test.
loop-a IN NS ns-2.loop-b.test.
loop-b IN NS ns-1.loop-a.test.
loop-b IN NS ns-2.loop-a.test.
`, dnstest.ParentAddr)
				in.Change(apexZone, "prod IN NS ns-3.aws.test.", "prod IN NS ns-3.loop-a.test.", dnstest.Apex1Addr, dnstest.Apex2Addr)
			},
			want: map[string][]string{
				"to prod": {"it refers to ns-3.loop-a.test, ns-4.aws.test, and not to"},
				"prod":    {"ns-3.aws.test"},
			},
		},
		"one refers upwards": {
			odd: map[string]dnstest.Answering{dnstest.ParentAddr: func(_ string, m *dns.Msg) *dns.Msg {
				m.Answer, m.Extra, m.Authoritative, m.Rcode = nil, nil, false, dns.RcodeSuccess
				m.Ns = []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeNS, Class: dns.ClassINET}, Ns: "ns.root."}}
				return m
			}},
			want: map[string][]string{
				"above": {"answers with a referral to the servers of ."},
				"apex":  {}, "to master": {}, "master": {}, "local": {}, "x.local": {}, "to prod": {}, "prod": {},
			},
		},
		"local is elsewhere": {
			change: func(in dnstest.Internet) {
				in.Change(apexZone, "local IN A 127.0.0.1\n*.local IN A 127.0.0.1", "local IN A 127.0.0.2", dnstest.Apex1Addr)
			},
			want: map[string][]string{
				"local":   {"ns-1.aws.test (127.0.0.3): asked for A of local.acme.example, it answers [127.0.0.2]"},
				"x.local": {"answers NXDOMAIN"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := dnstest.Good()
			if c.change != nil {
				c.change(in)
			}
			timeout := time.Duration(0)
			if c.silent {
				timeout = 200 * time.Millisecond
			}
			p := resolves(t, in, c.odd, timeout)
			got := p.failures(t.Context(), t)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(c.want)), slices.Sorted(maps.Keys(got))); diff != "" {
				t.Errorf("what doesn't hold (-want +got):\n%s\n%v", diff, got)
			}
			for claim, wants := range c.want {
				for _, want := range wants {
					if !strings.Contains(got[claim], want) {
						t.Errorf("%s: no %q in %q", claim, want, got[claim])
					}
				}
			}
		})
	}
}

func TestUnresolvable(t *testing.T) {
	t.Parallel()
	server := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	endpoint := "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		o        Options
		endpoint *string
		err      error
		want     string
	}{
		"DNS of the Internet":         {},
		"not to be asked":             {o: Options{NoDNS: true}, want: "DNS wasn't to be asked"},
		"an emulator":                 {endpoint: &endpoint, want: "no DNS server serves the zones of an emulator"},
		"an emulator, and a server":   {o: Options{DNSServers: server}, endpoint: &endpoint},
		"no network":                  {err: errors.New("1 doesn't answer\n2 doesn't"), want: "no root server answers (1 doesn't answer); let port 53 out"},
		"a server that isn't reached": {o: Options{DNSServers: server}, err: errors.New("no")},
	} {
		p := &prover{org: declared(), reach: func() error { return c.err }}
		p.cfg.BaseEndpoint = c.endpoint
		if got := p.unresolvable(c.o); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
