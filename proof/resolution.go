package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"github.com/coldstart-aws/coldstart/internal/dnswalk"
)

// proveResolution proves that DNS leads to the name servers that Route 53 shows: from the zone
// above the apex to the apex zone, and from the apex zone to the account's zone.
func (p *prover) proveResolution(ctx context.Context, a *account) {
	if p.unresolved() != "" {
		return
	}
	const subject = SubjectResolution
	apex, domain := p.org.Domain, p.org.ZoneName(a.name)
	if a == p.master() {
		a.claim(subject, "the zone above delegates "+apex+" to the apex zone's name servers", func() error { return p.checkParentDelegates(ctx) })
		a.claim(subject, "each name server of "+apex+" answers for it", func() error {
			return p.eachOfApex(ctx, func(s dnswalk.Server) error { return p.resolver.answersFor(ctx, s, apex) })
		})
	}
	a.claim(subject, fmt.Sprintf("each name server of %s refers to those of the zone %s", apex, domain), func() error {
		return p.checkReferral(ctx, a, domain)
	})
	a.claim(subject, "each name server of "+domain+" answers for it", func() error {
		err := p.resolver.each(ctx, servers(a.zone.nameServers), func(s dnswalk.Server) error { return p.resolver.answersFor(ctx, s, domain) })
		return remedied(err, "a new zone takes a minute to reach its name servers; if it stays like this, run `coldstart refresh %s` and `coldstart up %s`", a.name, a.name)
	})
	if a == p.master() && p.org.DNS.Local {
		for _, name := range []string{"local." + apex, "x.local." + apex} {
			a.claim(subject, fmt.Sprintf("%s is 127.0.0.1 at each name server of %s", name, apex), func() error {
				return p.eachOfApex(ctx, func(s dnswalk.Server) error { return p.resolver.isLoopback(ctx, s, name) })
			})
		}
	}
}

// resolver checks the answers of name servers.
type resolver struct{ *dnswalk.Walker }

func newResolver(ctx context.Context, o Options) resolver {
	return resolver{dnswalk.New(ctx, dnswalk.Options{Servers: o.DNSServers, Port: o.DNSPort})}
}

// checkParentDelegates checks that each server of the zone above refers to the apex zone's name
// servers.
func (p *prover) checkParentDelegates(ctx context.Context) error {
	apex, err := p.apex()
	if err != nil {
		return err
	}
	above, err := p.resolver.Above(ctx, p.org.Domain)
	if err != nil {
		return fmt.Errorf("the servers of the zone above can't be found: %w", err)
	}
	err = p.resolver.each(ctx, above, func(s dnswalk.Server) error {
		return p.resolver.refers(ctx, s, p.org.Domain, apex.nameServers)
	})
	return remedied(err, "enter %s as the name servers of %s at its registrar, or as NS records in the zone above",
		listed(normalized(apex.nameServers)), p.org.Domain)
}

func (p *prover) checkReferral(ctx context.Context, a *account, domain string) error {
	if a.zone.id == "" {
		return errors.New("there is no zone to refer to")
	}
	err := p.eachOfApex(ctx, func(s dnswalk.Server) error { return p.resolver.refers(ctx, s, domain, a.zone.nameServers) })
	return remedied(err, "a change takes a minute to reach the name servers; if it stays like this, run `coldstart refresh %s` and `coldstart up %s`", a.name, a.name)
}

// eachOfApex calls check for each of the name servers that Route 53 shows for the apex zone.
// The zone above needn't delegate to them yet.
func (p *prover) eachOfApex(ctx context.Context, check func(dnswalk.Server) error) error {
	apex, err := p.apex()
	if err != nil {
		return err
	}
	return p.resolver.each(ctx, servers(apex.nameServers), check)
}

// unresolvable returns why DNS isn't asked; empty if it is asked.
func (p *prover) unresolvable(o Options) string {
	const what = "whether names lead from the zone above to each account's name servers: "
	switch {
	case o.NoDNS:
		return what + "DNS wasn't to be asked"
	case len(o.DNSServers) > 0:
		return "" // Somebody who names a server wants to know that it doesn't answer.
	case p.cfg.BaseEndpoint != nil:
		return what + "no DNS server serves the zones of an emulator"
	}
	if err := p.reach(); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return what + "no root server answers (" + first + "); let port 53 out, or name a server that knows the zone above"
	}
	return ""
}

// each checks name servers concurrently. Its error lists each reason once, with all servers to
// which the reason applies.
func (r resolver) each(ctx context.Context, all []dnswalk.Server, check func(dnswalk.Server) error) error {
	if len(all) == 0 {
		return errors.New("there is no zone that shows its name servers")
	}
	errs, found := make([]error, len(all)), make([]dnswalk.Server, len(all))
	var wait sync.WaitGroup
	for i, s := range all {
		wait.Go(func() {
			found[i] = s
			if s, errs[i] = r.WithAddresses(ctx, s); errs[i] == nil {
				found[i], errs[i] = s, check(s)
			}
		})
	}
	wait.Wait()
	var reasons []string
	who := map[string][]string{}
	for i, err := range errs {
		if err == nil {
			continue
		}
		reason := strings.ReplaceAll(err.Error(), "\n", "; ")
		if who[reason] == nil {
			reasons = append(reasons, reason)
		}
		who[reason] = append(who[reason], found[i].String())
	}
	if len(reasons) == 0 {
		return nil
	}
	for i, reason := range reasons {
		reasons[i] = strings.Join(who[reason], ", ") + ": " + reason
	}
	return errors.New(strings.Join(reasons, "; "))
}

// refers checks that a server refers to exactly the given name servers of a zone. A server of the
// parent zone never has the zone itself, because Route 53 gives the two zones different servers.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
func (r resolver) refers(ctx context.Context, s dnswalk.Server, zone string, want []string) error {
	answer, err := r.Ask(ctx, s, zone, dns.TypeNS)
	if err != nil {
		return err
	}
	cut, names := dnswalk.Referral(answer)
	if !sameName(cut, zone) {
		return fmt.Errorf("asked for NS of %s, it doesn't refer to the zone's name servers but answers %s", zone, dnswalk.Described(answer))
	}
	if !sameNames(names, want) {
		return fmt.Errorf("asked for NS of %s, it refers to %s, and not to %s", zone, listed(normalized(names)), listed(normalized(want)))
	}
	return nil
}

// answersFor checks that a server answers with authority for a zone.
func (r resolver) answersFor(ctx context.Context, s dnswalk.Server, zone string) error {
	answer, err := r.Ask(ctx, s, zone, dns.TypeSOA)
	if err != nil {
		return err
	}
	isSOA := func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA && sameName(rr.Header().Name, zone) }
	if answer.Rcode != dns.RcodeSuccess || !answer.Authoritative || !slices.ContainsFunc(answer.Answer, isSOA) {
		return fmt.Errorf("asked for SOA of %s, it answers %s", zone, dnswalk.Described(answer))
	}
	return nil
}

func (r resolver) isLoopback(ctx context.Context, s dnswalk.Server, name string) error {
	answer, err := r.Ask(ctx, s, name, dns.TypeA)
	if err != nil {
		return err
	}
	addrs := dnswalk.Addresses(answer.Answer)
	switch {
	case !answer.Authoritative || len(addrs) == 0:
		return fmt.Errorf("asked for A of %s, it answers %s", name, dnswalk.Described(answer))
	case len(addrs) != 1 || addrs[0].String() != "127.0.0.1":
		return fmt.Errorf("asked for A of %s, it answers %v", name, addrs)
	}
	return nil
}

// servers returns name servers of which only the names are known.
func servers(names []string) []dnswalk.Server {
	var all []dnswalk.Server
	for _, name := range normalized(names) {
		all = append(all, dnswalk.Server{Name: dns.Fqdn(name)})
	}
	slices.SortFunc(all, func(a, b dnswalk.Server) int { return strings.Compare(a.Name, b.Name) })
	return all
}
