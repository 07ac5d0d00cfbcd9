package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	mdns "github.com/miekg/dns"

	components "github.com/coldstart-aws/coldstart/dns"
)

// rootServers are some of the Internet's root servers.
// https://www.iana.org/domains/root/servers
var rootServers = []string{"198.41.0.4:53", "192.5.5.241:53", "193.0.14.129:53", "202.12.27.33:53"}

const (
	// patience is how long a name server is waited for, and tries how many of a
	// zone's are asked.
	patience = 5 * time.Second
	tries    = 2
	// maxReferrals is how many referrals are followed, those to find the addresses of
	// name servers included.
	maxReferrals = 24
)

// zone is a public hosted zone.
type zone struct {
	id          string
	nameServers []string
	records     int64
	// ours says that coldstart has created the zone.
	ours bool
}

// String tells a zone from others of its name.
func (z zone) String() string {
	return fmt.Sprintf("%s (%d record sets, on %s)", z.id, z.records, strings.Join(z.nameServers, ", "))
}

// apexZone looks for the apex zone. Somebody else's is taken over as it is, and of several
// nobody but a person knows which is served.
func (x *examiner) apexZone(ctx context.Context) []Finding {
	client := route53.NewFromConfig(x.cfg)
	pages, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &x.org.Domain})
	if err != nil {
		return failure(orAgain(err, "give the caller AdministratorAccess"), "whether there is a zone %s isn't known: %s", x.org.Domain, said(err))
	}
	for _, z := range pages.HostedZones {
		if mdns.CanonicalName(aws.ToString(z.Name)) != mdns.CanonicalName(x.org.Domain) || z.Config != nil && z.Config.PrivateZone {
			continue
		}
		got, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: z.Id})
		if err != nil {
			return failure(orAgain(err, "give the caller AdministratorAccess"), "the name servers of zone %s aren't known: %s", x.org.Domain, said(err))
		}
		if got.DelegationSet != nil {
			x.zones = append(x.zones, zone{
				id: strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"), nameServers: canonical(got.DelegationSet.NameServers),
				records: aws.ToInt64(z.ResourceRecordSetCount), ours: z.Config != nil && aws.ToString(z.Config.Comment) == components.Comment,
			})
		}
	}
	ours, all := 0, []string{}
	for _, z := range x.zones {
		all = append(all, z.String())
		if z.ours {
			ours++
		}
	}
	remedy := "keep the zone whose name servers the zone above refers to (`dig +trace " + x.org.Domain + " NS`), copy into it what only another has, and delete the others"
	switch {
	case len(x.zones) == 0:
		return ok("none yet: coldstart creates %s", x.org.Domain)
	case len(x.zones) == 1 && ours == 1:
		return ok("%s is on %s", x.org.Domain, strings.Join(x.zones[0].nameServers, ", "))
	case len(x.zones) == 1:
		return ok("%s is %s, and not of coldstart's making: coldstart takes it over as it is, and leaves its records, comment, tags and name servers alone", x.org.Domain, all[0])
	case ours == 1:
		return warning(remedy, "there are %d public zones %s, and only one can be delegated to: %s", len(x.zones), x.org.Domain, strings.Join(all, "; "))
	}
	return failure(remedy, "there are %d public zones %s, and coldstart takes over one: %s", len(x.zones), x.org.Domain, strings.Join(all, "; "))
}

// canonical returns names of hosts as they compare.
func canonical(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, strings.TrimSuffix(mdns.CanonicalName(name), "."))
	}
	slices.Sort(all)
	return all
}

// delegation asks the servers above the apex zone where it is.
func (x *examiner) delegation(ctx context.Context) []Finding {
	r := &resolver{roots: rootServers}
	if len(x.options.Roots) > 0 {
		r.roots = x.options.Roots
	}
	names, err := r.delegation(ctx, x.org.Domain)
	delegated := strings.Join(names, ", ")
	enter := "enter at the registrar of " + x.org.Domain + ", as its name servers: "
	switch {
	case err != nil:
		return warning("look from a machine that reaches DNS servers: dig +trace "+x.org.Domain+" NS", "where %s is delegated to isn't known: %v", x.org.Domain, err)
	case len(x.zones) == 0 && len(names) == 0:
		return warning("register the domain, or have it delegated; after the first run, "+enter+"what `coldstart outputs master` shows as apexNameServers",
			"%s isn't delegated, or not registered", x.org.Domain)
	case len(x.zones) == 0:
		return warning("after the first run, "+enter+"what `coldstart outputs master` shows as apexNameServers; what is served now moves then",
			"%s is delegated to %s", x.org.Domain, delegated)
	case slices.ContainsFunc(x.zones, func(z zone) bool { return slices.Equal(z.nameServers, names) }):
		return ok("the registrar points to the apex zone: %s", delegated)
	}
	return warning(enter+strings.Join(x.zones[0].nameServers, ", "), "the registrar doesn't point to the apex zone yet, but to %s", cmp.Or(delegated, "nothing"))
}

// resolver follows referrals from the root, as nothing else tells what a parent
// zone says: other resolvers answer with what the zone says of itself.
type resolver struct {
	roots []string
	asked int
}

// delegation returns the name servers by which a domain's parent refers to it;
// none if the parent doesn't.
func (r *resolver) delegation(ctx context.Context, domain string) ([]string, error) {
	domain = mdns.CanonicalName(domain)
	reply, err := r.follow(ctx, domain, mdns.TypeNS)
	if err != nil {
		return nil, err
	}
	if len(reply.Answer) == 0 && referral(reply, domain) == "" && !reply.Authoritative {
		return nil, errors.New("what answers isn't the server that was asked: something on the way intercepts DNS")
	}
	// A server of both the parent and the domain answers, others refer.
	return canonical(slices.Concat(nameServers(reply.Answer, domain), nameServers(reply.Ns, domain))), nil
}

// follow asks for a name, from the root to the last server that refers to it or
// answers.
func (r *resolver) follow(ctx context.Context, name string, kind uint16) (*mdns.Msg, error) {
	servers, at := r.roots, "."
	for {
		reply, err := r.ask(ctx, servers, name, kind)
		if err != nil {
			return nil, fmt.Errorf("asking the servers of %s: %w", at, err)
		}
		next := referral(reply, name)
		if len(reply.Answer) > 0 || next == "" || next == at || next == name && kind == mdns.TypeNS {
			return reply, nil
		}
		hosts := nameServers(reply.Ns, next)
		if servers = r.glue(reply, hosts); len(servers) == 0 {
			if servers, err = r.addresses(ctx, hosts); err != nil {
				return nil, err
			}
		}
		at = next
	}
}

// referral returns the zone that a reply refers to; empty if it doesn't.
func referral(reply *mdns.Msg, name string) string {
	for _, record := range reply.Ns {
		if owner := mdns.CanonicalName(record.Header().Name); record.Header().Rrtype == mdns.TypeNS && mdns.IsSubDomain(owner, name) {
			return owner
		}
	}
	return ""
}

// nameServers returns the name servers of a zone among records.
func nameServers(records []mdns.RR, zone string) []string {
	var hosts []string
	for _, record := range records {
		if ns, ok := record.(*mdns.NS); ok && mdns.CanonicalName(ns.Hdr.Name) == zone {
			hosts = append(hosts, mdns.CanonicalName(ns.Ns))
		}
	}
	return hosts
}

// glue returns the addresses of hosts that a referral brings along.
func (r *resolver) glue(reply *mdns.Msg, hosts []string) []string {
	var servers []string
	for _, record := range reply.Extra {
		if a, ok := record.(*mdns.A); ok && slices.Contains(hosts, mdns.CanonicalName(a.Hdr.Name)) {
			servers = append(servers, r.server(a))
		}
	}
	return servers
}

// addresses finds servers by the names of their hosts.
func (r *resolver) addresses(ctx context.Context, hosts []string) ([]string, error) {
	err := errors.New("a referral to no server")
	for _, host := range hosts {
		var reply *mdns.Msg
		if reply, err = r.follow(ctx, host, mdns.TypeA); err != nil {
			continue
		}
		var servers []string
		for _, record := range reply.Answer {
			if a, ok := record.(*mdns.A); ok {
				servers = append(servers, r.server(a))
			}
		}
		if len(servers) > 0 {
			return servers, nil
		}
		err = fmt.Errorf("%s has no address", host)
	}
	return nil, err
}

// server returns where a name server listens: at the port of the roots.
func (r *resolver) server(a *mdns.A) string {
	_, port, err := net.SplitHostPort(r.roots[0])
	if err != nil {
		port = "53"
	}
	return net.JoinHostPort(a.A.String(), port)
}

// ask returns the first reply of some servers, by TCP if it doesn't fit UDP.
func (r *resolver) ask(ctx context.Context, servers []string, name string, kind uint16) (*mdns.Msg, error) {
	question := new(mdns.Msg)
	question.SetQuestion(name, kind)
	question.RecursionDesired = false
	question.SetEdns0(1232, false)
	err := errors.New("there are none")
	for _, server := range servers[:min(len(servers), tries)] {
		if r.asked++; r.asked > maxReferrals {
			return nil, errors.New("too many referrals")
		}
		for _, network := range []string{"udp", "tcp"} {
			var reply *mdns.Msg
			reply, _, err = (&mdns.Client{Net: network, Timeout: patience}).ExchangeContext(ctx, question, server)
			if err != nil {
				break
			}
			if reply.Truncated && network == "udp" {
				continue
			}
			if reply.Rcode == mdns.RcodeSuccess || reply.Rcode == mdns.RcodeNameError {
				return reply, nil
			}
			err = fmt.Errorf("%s answers %s", server, mdns.RcodeToString[reply.Rcode])
			break
		}
	}
	return nil, err
}
