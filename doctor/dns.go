package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	mdns "github.com/miekg/dns"

	components "github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/internal/dnswalk"
)

// zone is a public hosted zone.
type zone struct {
	id          string
	nameServers []string
	records     int64
	// ours says that coldstart has created the zone, as the zone's comment shows.
	ours bool
}

// String describes a zone so that it can be told from others with the same name.
func (z zone) String() string {
	return fmt.Sprintf("%s (%d record sets, on %s)", z.id, z.records, strings.Join(z.nameServers, ", "))
}

// apexZone looks for the apex zone. coldstart adopts a zone that somebody else has created, and
// leaves it as it is. If there are several zones of this name, a person has to decide which one
// to keep.
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

// canonical returns host names in lower case, without a final dot, and sorted, so that two
// lists can be compared.
func canonical(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, strings.TrimSuffix(mdns.CanonicalName(name), "."))
	}
	slices.Sort(all)
	return all
}

// delegation compares the apex zone's name servers with those to which the zone above
// delegates.
func (x *examiner) delegation(ctx context.Context) []Finding {
	names, err := x.delegatedTo(ctx)
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

// delegatedTo returns the name servers to which the zone above delegates the domain; none if it
// doesn't.
func (x *examiner) delegatedTo(ctx context.Context) ([]string, error) {
	start, err := addressesOf(x.options.Roots)
	if err != nil {
		return nil, err
	}
	names, err := dnswalk.New(ctx, start).Delegation(ctx, x.org.Domain)
	if errors.Is(err, dnswalk.ErrNotAuthoritative) {
		return nil, errors.New("what answers isn't the server that was asked: something on the way intercepts DNS")
	}
	return canonical(names), err
}

// addressesOf returns options that start from servers given as host:port. All name servers are
// asked at the first server's port.
func addressesOf(servers []string) (o dnswalk.Options, _ error) {
	for i, server := range servers {
		addr, err := net.ResolveUDPAddr("udp", server)
		if err != nil {
			return o, err
		}
		at := addr.AddrPort()
		o.Servers = append(o.Servers, at.Addr().Unmap())
		if i == 0 {
			o.Port = at.Port()
		}
	}
	return o, nil
}
