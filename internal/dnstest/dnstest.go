// Package dnstest has name servers for tests: servers for the root, for two top-level domains,
// and for the zones of an organization. Each server has its own address of the loopback
// interface.
//
//	internet := dnstest.Good()
//	internet.Change("acme.example.", "ns-2", "ns-9", dnstest.Apex1Addr)
//	port := internet.Serve(t, nil)
//
// A resolver starts at RootAddr, and asks every server at the returned port.
package dnstest

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Addresses of the name servers. All servers have the same port.
const (
	RootAddr   = "127.0.0.1"
	ParentAddr = "127.0.0.2" // serves example. and test.
	Apex1Addr  = "127.0.0.3"
	Apex2Addr  = "127.0.0.4"
	Prod1Addr  = "127.0.0.5"
	Prod2Addr  = "127.0.0.6"
	OtherAddr  = "127.0.0.7"
)

// Internet has the zones of each name server: zone files by the server's address and the zone's
// name.
type Internet map[string]map[string]string

// Good returns an Internet without errors. It has the apex zone acme.example and the zones of
// master and prod. Names of name servers are below test., outside of the zones, as with
// Route 53.
func Good() Internet {
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
	return Internet{
		RootAddr: {".": soa + `
example. IN NS ns.nic.example.
ns.nic.example. IN A 127.0.0.2
test. IN NS ns.nic.test.
ns.nic.test. IN A 127.0.0.2
ns.nic.test. IN AAAA 2001:db8::2
`},
		ParentAddr: {
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
		Apex1Addr: {"acme.example.": apex},
		Apex2Addr: {"acme.example.": apex},
		Prod1Addr: prod,
		Prod2Addr: prod,
		OtherAddr: {"master.acme.example.": soa},
	}
}

// Change replaces the first occurrence of a text in a zone, on each of the given servers. It
// panics if a server's zone doesn't have the text.
func (in Internet) Change(zone, old, with string, addrs ...string) {
	for _, addr := range addrs {
		zones := maps.Clone(in[addr])
		if !strings.Contains(zones[zone], old) {
			panic(fmt.Sprintf("%s of %s has no %q", zone, addr, old))
		}
		zones[zone] = strings.Replace(zones[zone], old, with, 1)
		in[addr] = zones
	}
}

// Answering changes the answer of a server, to make the server misbehave. Network is udp or tcp.
// If the result is nil, the server doesn't answer.
type Answering func(network string, answer *dns.Msg) *dns.Msg

// Serve starts the name servers, all at one port, and returns the port. Odd has the servers that
// misbehave, by address. The servers end with the test, which fails if a query asks for
// recursion: these servers are authoritative only.
func (in Internet) Serve(t *testing.T, odd map[string]Answering) uint16 {
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

func (in Internet) tryPort(t *testing.T, addrs []string, odd map[string]Answering) (uint16, bool) {
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

func (in Internet) handler(t *testing.T, addr, network string, odd Answering) dns.Handler {
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

// answerFrom answers as an authoritative server of the zones, which refuses all other names.
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

// parentOf returns a name without its first label.
func parentOf(name string) string {
	next, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[next:]
}
