package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// Addresses of the name servers of tests. Each is asked at the same port.
const (
	rootAddr   = "127.0.0.1"
	parentAddr = "127.0.0.2" // has example. and test.
	apex1Addr  = "127.0.0.3"
	apex2Addr  = "127.0.0.4"
	prod1Addr  = "127.0.0.5"
	prod2Addr  = "127.0.0.6"
	otherAddr  = "127.0.0.7"
)

// internet is what each name server of a test has: zones by the address, as text.
type internet map[string]map[string]string

// goodInternet has acme.example with the zones of master and prod. The name
// servers have names elsewhere, as Route 53's do.
func goodInternet() internet {
	const soa = "@ 60 IN SOA ns.test. hostmaster.test. 1 2 3 4 60\n"
	apex := soa + `
@ IN NS ns-1.aws.test.
@ IN NS ns-2.aws.test.
prod IN NS ns-3.aws.test.
prod IN NS NS-4.AWS.test.
master IN NS ns-1.master.test.
local IN A 127.0.0.1
*.local IN A 127.0.0.1
`
	prod := map[string]string{"prod.acme.example.": soa + "@ IN NS ns-3.aws.test.\n@ IN NS ns-4.aws.test.\n"}
	return internet{
		rootAddr: {".": soa + `
example. IN NS ns.nic.example.
ns.nic.example. IN A 127.0.0.2
test. IN NS ns.nic.test.
ns.nic.test. IN A 127.0.0.2
ns.nic.test. IN AAAA 2001:db8::2
`},
		parentAddr: {
			"example.": soa + "acme IN NS ns-1.aws.test.\nacme IN NS ns-2.aws.test.\nacme IN DS 1 13 2 00\nns-1.aws.test. IN A 127.0.0.9\n",
			"test.": soa + `
ns-1.aws IN A 127.0.0.3
ns-2.aws IN A 127.0.0.4
ns-3.aws IN A 127.0.0.5
ns-4.aws IN A 127.0.0.6
ns-9.aws IN A 127.0.0.7
ns-1.master IN A 127.0.0.7
`,
		},
		apex1Addr: {"acme.example.": apex},
		apex2Addr: {"acme.example.": apex},
		prod1Addr: prod,
		prod2Addr: prod,
		otherAddr: {"master.acme.example.": soa},
	}
}

// change replaces text in a zone that servers have.
func (in internet) change(zone, old, with string, addrs ...string) {
	for _, addr := range addrs {
		zones := maps.Clone(in[addr])
		if !strings.Contains(zones[zone], old) {
			panic(fmt.Sprintf("%s of %s has no %q", zone, addr, old))
		}
		zones[zone] = strings.Replace(zones[zone], old, with, 1)
		in[addr] = zones
	}
}

// answering changes what a server makes of an answer; nil for none.
type answering func(network string, answer *dns.Msg) *dns.Msg

// serve starts the name servers, all at one port, which is returned.
func (in internet) serve(t *testing.T, odd map[string]answering) uint16 {
	t.Helper()
	addrs := slices.Sorted(maps.Keys(in))
	for range 20 {
		if port, ok := in.tryPort(t, addrs, odd); ok {
			return port
		}
	}
	t.Fatal("no port is free at all of the loopback addresses 127.0.0.1 to 127.0.0.7; where there is 127.0.0.1 only, they have to be added")
	return 0
}

func (in internet) tryPort(t *testing.T, addrs []string, odd map[string]answering) (uint16, bool) {
	t.Helper()
	var port int
	var servers []*dns.Server
	for _, addr := range addrs {
		conn, err := net.ListenPacket("udp", fmt.Sprintf("%s:%d", addr, port))
		if err != nil {
			break
		}
		port = conn.LocalAddr().(*net.UDPAddr).Port
		servers = append(servers, &dns.Server{PacketConn: conn, Handler: in.handler(t, addr, "udp", odd[addr])})
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", addr, port))
		if err != nil {
			break
		}
		servers = append(servers, &dns.Server{Listener: listener, Handler: in.handler(t, addr, "tcp", odd[addr])})
	}
	for _, server := range servers {
		if len(servers) < 2*len(addrs) {
			if server.PacketConn != nil {
				_ = server.PacketConn.Close()
			} else {
				_ = server.Listener.Close()
			}
			continue
		}
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { _ = server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = server.Shutdown() })
	}
	return uint16(port), len(servers) == 2*len(addrs)
}

func (in internet) handler(t *testing.T, addr, network string, odd answering) dns.Handler {
	zones := map[string][]dns.RR{}
	for origin, text := range in[addr] {
		parser := dns.NewZoneParser(strings.NewReader(text), origin, "")
		parser.SetDefaultTTL(60)
		for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
			zones[origin] = append(zones[origin], rr)
		}
		if err := parser.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		if question.RecursionDesired {
			t.Errorf("%s was asked for recursion: %v", addr, question.Question)
		}
		answer := answerFrom(zones, question)
		if odd != nil {
			answer = odd(network, answer)
		}
		if answer != nil {
			_ = w.WriteMsg(answer)
		}
	})
}

// answerFrom answers as a server with authority over the zones, and nothing else.
func answerFrom(zones map[string][]dns.RR, question *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(question)
	asked := question.Question[0]
	name, zone := dns.CanonicalName(asked.Name), ""
	for origin := range zones {
		if dns.IsSubDomain(origin, name) && len(origin) > len(zone) {
			zone = origin
		}
	}
	if zone == "" {
		m.Rcode = dns.RcodeRefused
		return m
	}
	records := zones[zone]
	at := func(owner string, kinds ...uint16) (found []dns.RR) {
		for _, rr := range records {
			if dns.CanonicalName(rr.Header().Name) == owner && (len(kinds) == 0 || slices.Contains(kinds, rr.Header().Rrtype)) {
				found = append(found, rr)
			}
		}
		return found
	}
	for cut := name; cut != zone && cut != "."; cut = parentOf(cut) {
		if m.Ns = at(cut, dns.TypeNS, dns.TypeDS); len(m.Ns) > 0 {
			for _, rr := range at(cut, dns.TypeNS) {
				m.Extra = append(m.Extra, at(dns.CanonicalName(rr.(*dns.NS).Ns), dns.TypeA, dns.TypeAAAA)...)
			}
			return m
		}
	}
	m.Authoritative = true
	if m.Answer = at(name, asked.Qtype, dns.TypeCNAME); len(m.Answer) > 0 || len(at(name)) > 0 {
		return m
	}
	for _, rr := range at("*."+parentOf(name), asked.Qtype, dns.TypeCNAME) {
		made := dns.Copy(rr)
		made.Header().Name = asked.Name
		m.Answer = append(m.Answer, made)
	}
	if len(at("*."+parentOf(name))) == 0 {
		m.Rcode, m.Ns = dns.RcodeNameError, at(zone, dns.TypeSOA)
	}
	return m
}

// resolves returns a prover of acme.example that starts at the test's root server.
func resolves(t *testing.T, in internet, odd map[string]answering) *prover {
	t.Helper()
	port := in.serve(t, odd)
	o := Options{DNSServers: []netip.Addr{netip.MustParseAddr(rootAddr)}, DNSPort: port}
	org := declared()
	p := &prover{org: org, resolver: newResolver(t.Context(), o)}
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

// failures returns the details of the claims that don't hold, by what they are
// about.
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
		change func(internet)
		odd    map[string]answering
		silent bool                // whether one that is odd doesn't answer
		want   map[string][]string // what details have, by claim
	}{
		"all is well": {},
		"the registrar has no name servers": {
			change: func(in internet) {
				in.change("example.", "acme IN NS ns-1.aws.test.\nacme IN NS ns-2.aws.test.\nacme IN DS 1 13 2 00\n", "", parentAddr)
			},
			want: map[string][]string{"above": {
				"ns.nic.example (127.0.0.2): asked for NS of acme.example, it doesn't refer to the zone's name servers but answers NXDOMAIN",
				"enter ns-1.aws.test, ns-2.aws.test as the name servers of acme.example at its registrar",
			}},
		},
		"the registrar has others": {
			change: func(in internet) {
				in.change("example.", "acme IN NS ns-2.aws.test.", "acme IN NS ns-9.aws.test.", parentAddr)
			},
			want: map[string][]string{"above": {"refers to ns-1.aws.test, ns-9.aws.test, and not to ns-1.aws.test, ns-2.aws.test; enter"}},
		},
		"a wildcard in the zone above": {
			change: func(in internet) {
				in.change("example.", "acme IN NS ns-1.aws.test.\nacme IN NS ns-2.aws.test.\nacme IN DS 1 13 2 00\n", "* IN NS ns-1.aws.test.\n* IN NS ns-2.aws.test.\n", parentAddr)
			},
			want: map[string][]string{"above": {"answers with records of its own, NS"}},
		},
		"a wildcard alias in the apex zone": {
			change: func(in internet) {
				in.change(apexZone, "prod IN NS ns-3.aws.test.\nprod IN NS NS-4.AWS.test.", "* IN CNAME www.example.", apex1Addr, apex2Addr)
			},
			want: map[string][]string{"to prod": {"answers with records of its own, CNAME"}},
		},
		"one delegation is missing": {
			change: func(in internet) {
				in.change(apexZone, "prod IN NS ns-3.aws.test.\nprod IN NS NS-4.AWS.test.", "", apex1Addr, apex2Addr)
			},
			want: map[string][]string{"to prod": {
				"ns-1.aws.test (127.0.0.3), ns-2.aws.test (127.0.0.4): asked for NS of prod.acme.example",
				"NXDOMAIN", "run `coldstart refresh prod` and `coldstart up prod`",
			}},
		},
		"one has a server too many, at one server": {
			change: func(in internet) {
				in.change(apexZone, "prod IN NS ns-3.aws.test.", "prod IN NS ns-3.aws.test.\nprod IN NS ns-9.aws.test.", apex2Addr)
			},
			want: map[string][]string{"to prod": {"ns-2.aws.test (127.0.0.4): asked for NS of prod.acme.example, it refers to ns-3.aws.test, ns-4.aws.test, ns-9.aws.test, and not to"}},
		},
		"a server refuses": {
			odd:  map[string]answering{prod2Addr: refuses},
			want: map[string][]string{"prod": {"ns-4.aws.test (127.0.0.6): asked for SOA of prod.acme.example, it answers REFUSED; a new zone"}},
		},
		"a server answers from a cache": {
			odd:  map[string]answering{prod1Addr: lame},
			want: map[string][]string{"prod": {"ns-3.aws.test (127.0.0.5): asked for SOA of prod.acme.example, it answers with records of its own, SOA, without authority"}},
		},
		"a server has another zone": {
			change: func(in internet) { in[prod1Addr] = in[apex1Addr] },
			want:   map[string][]string{"prod": {"it answers with a referral to the servers of prod.acme.example."}},
		},
		"a server is silent": {
			odd: map[string]answering{prod1Addr: silent}, silent: true,
			want: map[string][]string{"prod": {"ns-3.aws.test (127.0.0.5): doesn't answer in time; a new zone"}},
		},
		"a server isn't there": {
			change: func(in internet) {
				in.change("test.", "ns-3.aws IN A 127.0.0.5", "ns-3.aws IN A 127.0.0.99", parentAddr)
			},
			want: map[string][]string{"prod": {"ns-3.aws.test (127.0.0.99): doesn't answer: "}},
		},
		"a server has no address": {
			change: func(in internet) { in.change("test.", "ns-3.aws IN A 127.0.0.5\n", "", parentAddr) },
			want:   map[string][]string{"prod": {"ns-3.aws.test has no address"}},
		},
		"answers are cut over UDP": {
			odd: map[string]answering{rootAddr: cut, parentAddr: cut, apex1Addr: cut, prod1Addr: cut},
		},
		"the one server above is silent": {
			odd: map[string]answering{parentAddr: silent}, silent: true,
			want: map[string][]string{
				"above": {"the servers of the zone above can't be found: no server of the zone example. knows acme.example: ns.nic.example (127.0.0.2) doesn't answer in time"},
				"apex":  {"no server of the zone test. knows ns-1.aws.test"}, "to master": {}, "master": {}, "local": {}, "x.local": {}, "to prod": {}, "prod": {},
			},
		},
		"referrals go round in a circle": {
			change: func(in internet) {
				in.change("test.", "ns-3.aws IN A 127.0.0.5", `
loop-a IN NS ns-1.loop-b.test.
loop-a IN NS ns-2.loop-b.test.
loop-b IN NS ns-1.loop-a.test.
loop-b IN NS ns-2.loop-a.test.
`, parentAddr)
				in.change(apexZone, "prod IN NS ns-3.aws.test.", "prod IN NS ns-3.loop-a.test.", apex1Addr, apex2Addr)
			},
			want: map[string][]string{
				"to prod": {"it refers to ns-3.loop-a.test, ns-4.aws.test, and not to"},
				"prod":    {"ns-3.aws.test"},
			},
		},
		"one refers upwards": {
			odd: map[string]answering{parentAddr: func(_ string, m *dns.Msg) *dns.Msg {
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
			change: func(in internet) {
				in.change(apexZone, "local IN A 127.0.0.1\n*.local IN A 127.0.0.1", "local IN A 127.0.0.2", apex1Addr)
			},
			want: map[string][]string{
				"local":   {"ns-1.aws.test (127.0.0.3): asked for A of local.acme.example, it answers [127.0.0.2]"},
				"x.local": {"answers NXDOMAIN"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := goodInternet()
			if c.change != nil {
				c.change(in)
			}
			p := resolves(t, in, c.odd)
			if c.silent {
				p.resolver.timeout = 200 * time.Millisecond
			}
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

// A circle of referrals ends, and the servers are asked no more than so often.
func TestCircleOfReferrals(t *testing.T) {
	t.Parallel()
	in := goodInternet()
	in.change("test.", "ns-1.master IN A 127.0.0.7", `
a IN NS ns-1.b.test.
a IN NS ns-2.b.test.
b IN NS ns-1.a.test.
b IN NS ns-2.a.test.
`, parentAddr)
	var asked atomic.Int32
	p := resolves(t, in, map[string]answering{parentAddr: func(_ string, m *dns.Msg) *dns.Msg {
		asked.Add(1)
		return m
	}})
	_, err := p.resolver.withAddresses(t.Context(), nameServer{name: "ns.a.test."})
	if !errorHas(err, "a circle of referrals") {
		t.Error(err)
	}
	if n := asked.Load(); n > lookupSteps {
		t.Errorf("the server was asked %d times", n)
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
		p := &prover{org: declared(), resolver: &resolver{start: func() (nameServer, error) { return nameServer{}, c.err }}}
		p.cfg.BaseEndpoint = c.endpoint
		if got := p.unresolvable(c.o); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// The first that answers is where it starts, whatever becomes of the others.
func TestStart(t *testing.T) {
	t.Parallel()
	in := goodInternet()
	port := in.serve(t, nil)
	addrs := []netip.Addr{netip.MustParseAddr("100::1"), netip.MustParseAddr("127.0.0.99"), netip.MustParseAddr(rootAddr)}
	r := newResolver(t.Context(), Options{DNSServers: addrs, DNSPort: port})
	if got, err := r.start(); err != nil || got.String() != rootAddr || r.v6 {
		t.Errorf("%v, %v", got, err)
	}
	r = newResolver(t.Context(), Options{DNSServers: addrs[1:2], DNSPort: port})
	if got, err := r.start(); !errorHas(err, "127.0.0.99 doesn't answer: ") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestPreferred(t *testing.T) {
	t.Parallel()
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for first, r := range map[netip.Addr]*resolver{v4: {}, v6: {v6: true}} {
		for _, addrs := range [][]netip.Addr{{v4, v6}, {v6, v4}} {
			if got := r.preferred(addrs); got[0] != first {
				t.Errorf("got %v", got)
			}
		}
	}
}
