// Package dnswalk asks name servers as a caching resolver does: from the root servers
// down, referral by referral. Nothing else tells what a zone says of the zones below it:
// other resolvers answer with what a zone says of itself.
//
//	walker := dnswalk.New(ctx, dnswalk.Options{})
//	names, err := walker.Delegation(ctx, "acme.example")
//
// It knows nothing of AWS and of what coldstart declares, so that proof can rely on it.
package dnswalk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// How name servers are asked: gently, and not for ever.
const (
	dnsPort = 53
	// askedAtOnce is how many questions are under way at a time.
	askedAtOnce = 8
	// dnsAttempts is how often an address is asked that doesn't answer.
	dnsAttempts = 3
	dnsTimeout  = 2 * time.Second
	// lookupTimeout is how long it may take to find a name's servers, however
	// many don't answer.
	lookupTimeout = 20 * time.Second
	// lookupSteps is how many servers are tried for that, so that referrals that
	// lead in a circle come to an end.
	lookupSteps = 64
	// udpSize is the largest answer that no network cuts to pieces.
	// https://www.dnsflagday.net/2020/
	udpSize = 1232
)

// Options configure New. The zero value starts from the root servers.
type Options struct {
	// Servers are where the walker starts; nil for the root servers.
	Servers []netip.Addr
	// Port is where all name servers are asked; 0 for 53.
	Port uint16
	// Timeout is how long an answer is waited for; 0 for 2 seconds.
	Timeout time.Duration
}

// ErrNotAuthoritative is for an answer of somebody who can't know: a cache, or a network
// that answers in the place of the server that was asked.
var ErrNotAuthoritative = errors.New("an answer without authority")

// Walker asks name servers and follows referrals. It asks nobody to do that for it, and
// knows only what it was told since it was made, so that no stale cache answers. Several
// goroutines may use it.
type Walker struct {
	port    uint16
	timeout time.Duration
	// start returns what it starts from: those of the addresses that answer.
	start func() (Server, error)
	slots chan struct{}

	mu sync.Mutex
	// zones are the name servers of the zones on the way, hosts the addresses of
	// name servers.
	zones map[string][]Server
	hosts map[string][]netip.Addr
	// silent are addresses that didn't answer, and why. They aren't asked again:
	// every claim about them would wait for it.
	silent map[netip.Addr]error
	v6     bool // whether the first answer came over IPv6
}

// Server is a name server that has been named, and its addresses if they were
// named as well.
type Server struct {
	Name  string // with a final dot
	addrs []netip.Addr
}

// New returns a walker that has asked nobody yet. It asks until ctx ends.
func New(ctx context.Context, o Options) *Walker {
	start := o.Servers
	if len(start) == 0 {
		start = rootServers
	}
	w := &Walker{
		port: cmp.Or(o.Port, dnsPort), timeout: cmp.Or(o.Timeout, dnsTimeout),
		slots: make(chan struct{}, askedAtOnce),
		zones: map[string][]Server{}, hosts: map[string][]netip.Addr{}, silent: map[netip.Addr]error{},
	}
	w.start = sync.OnceValues(func() (Server, error) { return w.firstOf(ctx, start) })
	return w
}

// Reach asks the servers that the walker starts from. The error says that none answers.
func (w *Walker) Reach() error {
	_, err := w.start()
	return err
}

// Delegation returns the names of the name servers by which the zone above refers to a
// zone; none if it doesn't.
func (w *Walker) Delegation(ctx context.Context, zone string) (names []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	zone = dns.CanonicalName(zone)
	_, answer, err := (&lookup{w, lookupSteps}).walk(ctx, parentOf(zone), zone, dns.TypeNS)
	if err != nil {
		return nil, err
	}
	// A server of both zones answers, others refer.
	for _, rr := range slices.Concat(answer.Answer, answer.Ns) {
		if ns, ok := rr.(*dns.NS); ok && dns.CanonicalName(ns.Hdr.Name) == zone {
			names = append(names, dns.CanonicalName(ns.Ns))
		}
	}
	return names, nil
}

// firstOf asks all addresses at once and returns the one that answers first, so
// that networks with IPv4 only, or IPv6 only, don't wait for the other.
func (w *Walker) firstOf(ctx context.Context, addrs []netip.Addr) (Server, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		addr netip.Addr
		err  error
	}
	outcomes := make(chan outcome, len(addrs))
	for _, addr := range addrs {
		go func() {
			_, err := w.Ask(ctx, Server{addr.String(), []netip.Addr{addr}}, ".", dns.TypeNS)
			outcomes <- outcome{addr, err}
		}()
	}
	var errs []error
	for range addrs {
		got := <-outcomes
		if got.err == nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.v6 = got.addr.Is6()
			return Server{got.addr.String(), []netip.Addr{got.addr}}, nil
		}
		errs = append(errs, fmt.Errorf("%s %w", got.addr, got.err))
	}
	return Server{}, errors.Join(errs...)
}

// Ask puts a question to a name server, at one address after another.
func (w *Walker) Ask(ctx context.Context, s Server, name string, kind uint16) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(udpSize, false)
	question.RecursionDesired = false
	var err error
	for _, addr := range s.addrs {
		w.mu.Lock()
		err = w.silent[addr]
		w.mu.Unlock()
		if err != nil {
			continue
		}
		for range dnsAttempts {
			var answer *dns.Msg
			if answer, err = w.exchange(ctx, question, addr); err == nil {
				return answer, nil
			}
			if ctx.Err() != nil {
				return nil, unanswered(ctx.Err())
			}
		}
		err = unanswered(err)
		w.mu.Lock()
		w.silent[addr] = err
		w.mu.Unlock()
	}
	return nil, err
}

// exchange asks by UDP, and by TCP if the answer is cut.
func (w *Walker) exchange(ctx context.Context, question *dns.Msg, addr netip.Addr) (*dns.Msg, error) {
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var answer *dns.Msg
	for _, network := range []string{"udp", "tcp"} {
		client := dns.Client{Net: network, Timeout: w.timeout}
		var err error
		answer, _, err = client.ExchangeContext(ctx, question, netip.AddrPortFrom(addr, w.port).String())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", network, err)
		}
		if !answer.Truncated {
			break
		}
	}
	return answer, nil
}

// unanswered says why there is no answer, without the ports of an operating
// system's error.
func unanswered(err error) error {
	var operation *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return errors.New("doesn't answer in time")
	case errors.As(err, &operation):
		return fmt.Errorf("doesn't answer: %s: %w", operation.Net, operation.Err)
	}
	return fmt.Errorf("doesn't answer: %w", err)
}

// lookup is one search for a name's servers or addresses, and how many more
// servers it may try.
type lookup struct {
	*Walker
	steps int
}

// Above returns the name servers of the zone that has to delegate a zone.
func (w *Walker) Above(ctx context.Context, zone string) ([]Server, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	servers, _, err := (&lookup{w, lookupSteps}).walk(ctx, parentOf(zone), zone, dns.TypeNS)
	return servers, err
}

// WithAddresses returns the name server with its addresses.
func (w *Walker) WithAddresses(ctx context.Context, s Server) (Server, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	return (&lookup{w, lookupSteps}).withAddresses(ctx, s)
}

func (l *lookup) withAddresses(ctx context.Context, s Server) (Server, error) {
	if len(s.addrs) > 0 {
		return s, nil
	}
	l.mu.Lock()
	s.addrs = l.hosts[s.Name]
	l.mu.Unlock()
	if len(s.addrs) > 0 {
		return s, nil
	}
	var errs []error
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		_, answer, err := l.walk(ctx, s.Name, s.Name, kind)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.addrs = append(s.addrs, Addresses(answer.Answer)...)
	}
	if len(s.addrs) == 0 {
		return s, errors.Join(append(errs, fmt.Errorf("%s has no address", strings.TrimSuffix(s.Name, ".")))...)
	}
	s.addrs = l.preferred(s.addrs)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hosts[s.Name] = s.addrs
	return s, nil
}

// preferred puts the addresses first that are of the kind that works here.
func (w *Walker) preferred(addrs []netip.Addr) []netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int {
		return cmp.Compare(rankOf(a.Is6() != w.v6), rankOf(b.Is6() != w.v6))
	})
	return addrs
}

func rankOf(last bool) int {
	if last {
		return 1
	}
	return 0
}

// walk follows referrals down to the closest zone that has the name within, and
// returns that zone's servers, and what one of them answers to the question.
func (l *lookup) walk(ctx context.Context, within, name string, kind uint16) ([]Server, *dns.Msg, error) {
	zone, servers, err := l.closest(within)
	if err != nil {
		return nil, nil, err
	}
	for {
		answer, err := l.askAny(ctx, zone, servers, name, kind)
		if err != nil {
			return nil, nil, err
		}
		next, names := Referral(answer)
		if next == "" || !dns.IsSubDomain(next, dns.Fqdn(within)) {
			return servers, answer, nil
		}
		servers = l.preferGlue(zone, names, answer.Extra)
		zone = next
		l.mu.Lock()
		l.zones[zone] = servers
		l.mu.Unlock()
	}
}

// closest returns what is known already of the way to a name.
func (l *lookup) closest(name string) (string, []Server, error) {
	l.mu.Lock()
	for zone := dns.CanonicalName(name); zone != "."; zone = parentOf(zone) {
		if servers := l.zones[zone]; servers != nil {
			l.mu.Unlock()
			return zone, servers, nil
		}
	}
	l.mu.Unlock()
	start, err := l.start()
	return ".", []Server{start}, err
}

// askAny returns the answer of the first of a zone's servers that has one: with
// authority, or a referral further down.
func (l *lookup) askAny(ctx context.Context, zone string, servers []Server, name string, kind uint16) (*dns.Msg, error) {
	var errs []error
	for _, s := range servers {
		if l.steps--; l.steps < 0 {
			return nil, fmt.Errorf("%d servers were tried without an end, which is a circle of referrals", lookupSteps)
		}
		s, err := l.withAddresses(ctx, s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		answer, err := l.Ask(ctx, s, name, kind)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %w", s, err))
			continue
		}
		next, _ := Referral(answer)
		further := next != zone && dns.IsSubDomain(zone, next) && dns.IsSubDomain(next, dns.Fqdn(name))
		known := answer.Authoritative && (answer.Rcode == dns.RcodeSuccess || answer.Rcode == dns.RcodeNameError)
		if known && next == "" || next != "" && further {
			return answer, nil
		}
		errs = append(errs, unsuitable{
			text:      fmt.Sprintf("%s, asked for %s of %s, answers %s", s, dns.TypeToString[kind], name, Described(answer)),
			authority: answer.Authoritative || next != "" || answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError,
		})
	}
	return nil, fmt.Errorf("no server of the zone %s knows %s: %w", zone, name, errors.Join(errs...))
}

// unsuitable is an answer that leads nowhere.
type unsuitable struct {
	text string
	// authority says that the server itself has answered, as far as is known.
	authority bool
}

func (u unsuitable) Error() string { return u.text }

// Is reports whether the answer is one without authority.
func (u unsuitable) Is(target error) bool { return target == ErrNotAuthoritative && !u.authority }

// preferGlue returns the servers of a referral, those first whose addresses came
// with it. A zone's servers are believed about what is in the zone only.
func (l *lookup) preferGlue(zone string, names []string, extra []dns.RR) []Server {
	servers := make([]Server, len(names))
	for i, name := range names {
		glue := slices.DeleteFunc(slices.Clone(extra), func(rr dns.RR) bool {
			return dns.CanonicalName(rr.Header().Name) != name || !dns.IsSubDomain(zone, name)
		})
		servers[i] = Server{name, l.preferred(Addresses(glue))}
	}
	slices.SortStableFunc(servers, func(a, b Server) int {
		return cmp.Compare(rankOf(len(a.addrs) == 0), rankOf(len(b.addrs) == 0))
	})
	return servers
}

// Referral returns the zone that an answer refers to and its servers' names;
// empty if it refers to none. A referral stands by itself: what a wildcard makes
// up is an answer.
func Referral(m *dns.Msg) (zone string, names []string) {
	if m.Rcode != dns.RcodeSuccess || len(m.Answer) > 0 {
		return "", nil
	}
	for _, rr := range m.Ns {
		if ns, ok := rr.(*dns.NS); ok {
			zone = dns.CanonicalName(ns.Hdr.Name)
			names = append(names, dns.CanonicalName(ns.Ns))
		}
	}
	return zone, names
}

// Addresses returns the addresses among records.
func Addresses(records []dns.RR) []netip.Addr {
	var addrs []netip.Addr
	for _, rr := range records {
		var ip net.IP
		switch record := rr.(type) {
		case *dns.A:
			ip = record.A
		case *dns.AAAA:
			ip = record.AAAA
		}
		if addr, ok := netip.AddrFromSlice(ip); ok {
			addrs = append(addrs, addr.Unmap())
		}
	}
	return addrs
}

// Described says in a few words what a server answered.
func Described(m *dns.Msg) string {
	if m.Rcode != dns.RcodeSuccess {
		return dns.RcodeToString[m.Rcode]
	}
	if zone, _ := Referral(m); zone != "" {
		return "with a referral to the servers of " + zone
	}
	what := "that there is none"
	if kinds := kindsOf(m.Answer); len(kinds) > 0 {
		what = "with records of its own, " + strings.Join(kinds, " and ")
	}
	if !m.Authoritative {
		what += ", without authority"
	}
	return what
}

func kindsOf(records []dns.RR) []string {
	var kinds []string
	for _, rr := range records {
		kinds = append(kinds, dns.TypeToString[rr.Header().Rrtype])
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// parentOf returns a name without its first label, with a final dot.
func parentOf(name string) string {
	name = dns.CanonicalName(name)
	next, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[next:]
}

// String returns "ns-1.example (192.0.2.1)".
func (s Server) String() string {
	var addrs []string
	for _, addr := range s.addrs {
		addrs = append(addrs, addr.String())
	}
	name := strings.TrimSuffix(s.Name, ".")
	if len(addrs) == 0 || len(addrs) == 1 && addrs[0] == name {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, strings.Join(addrs, ", "))
}
