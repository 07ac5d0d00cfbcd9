package taken

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/organization"
)

// awstype.Route53Record is the Pulumi type of record sets.

// records returns the record sets of the apex zone that conflict with the delegation of accounts'
// zones.
//
// Route 53 refuses a second record set of one name and type, and an NS record beside a CNAME. It
// doesn't refuse to delegate a name that has other records at or below it, but then resolvers no
// longer find those records.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-routing-traffic-for-subdomains.html
func (q Query) records(ctx context.Context) ([]Thing, error) {
	sets, err := recordSets(ctx, q.Enter(""), q.ApexZoneID)
	if err != nil {
		return nil, fmt.Errorf("looking at the records of zone %s (%s): %w", q.Organization.Domain, q.ApexZoneID, err)
	}
	var found []Thing
	for _, account := range q.Delegates {
		name := q.Organization.ZoneName(account)
		if made, err := q.holds(ctx, account, name); err != nil {
			return found, err
		} else if made {
			continue
		}
		at, below := split(sets, name)
		switch {
		case at != nil: // Resolvers don't find records below a delegation today either.
			t, err := q.delegated(ctx, account, *at)
			if err != nil {
				return found, err
			}
			found = append(found, t)
		case len(below) > 0:
			found = append(found, q.hidden(account, below))
		}
	}
	if !q.Organization.DNS.Local || !slices.Contains(q.Delegates, organization.Master) {
		return found, nil
	}
	for _, name := range []string{"local." + q.Organization.Domain, "*.local." + q.Organization.Domain} {
		made, err := q.holds(ctx, organization.Master, name)
		if err != nil {
			return found, err
		}
		if !made {
			found = append(found, q.local(name, sets)...)
		}
	}
	return found, nil
}

// holds reports whether the account's stack has created a record set of the name.
func (q Query) holds(ctx context.Context, account, name string) (bool, error) {
	if q.State == nil {
		return false, nil
	}
	d, err := q.State(ctx, account)
	if err != nil {
		return false, fmt.Errorf("whose the records %s are isn't known, since the state of stack %s can't be read: %w", name, account, err)
	}
	return stateHas(d, awstype.Route53Record, name), nil
}

// split returns the delegation of a name, if there is one, and the other record sets at and
// below the name.
func split(sets []types.ResourceRecordSet, name string) (at *types.ResourceRecordSet, below []types.ResourceRecordSet) {
	for _, set := range sets {
		switch n := plain(set); {
		case n == name && set.Type == types.RRTypeNs:
			at = &set
		case n == name, strings.HasSuffix(n, "."+name):
			below = append(below, set)
		}
	}
	return at, below
}

// delegated says what happens to a delegation that exists.
func (q Query) delegated(ctx context.Context, account string, set types.ResourceRecordSet) (Thing, error) {
	name, t := q.Organization.ZoneName(account), Thing{Account: organization.Master}
	own, entered, err := q.zoneServers(ctx, account, name)
	if err != nil {
		return t, err
	}
	if !entered {
		t.Text = fmt.Sprintf("the zone %s refers to %s already, to %s; whether account %s has that zone isn't known, since the account can't be entered: AWS refuses a second record set", q.Organization.Domain, name, strings.Join(values(set), ", "), account)
		return t, nil
	}
	if to := values(set); len(own) > 0 && slices.Equal(to, own) {
		t.Text = fmt.Sprintf("the zone %s refers to %s already, on the name servers of account %s's zone: the record set is taken over", q.Organization.Domain, name, account)
		return t, nil
	}
	t.Refused = true
	t.Text = fmt.Sprintf("the zone %s refers to %s already, to %s, and not to a zone in account %s: AWS refuses a second record set", q.Organization.Domain, name, strings.Join(values(set), ", "), account)
	t.Remedy = fmt.Sprintf("make a zone %s in account %s with the records that are served there now, change the record set %[1]s NS to that zone's name servers, and run again: coldstart takes both over; or delete the record set if nobody needs the name; or give the account another name", name, account)
	return t, nil
}

// hidden says which record sets resolvers would no longer find.
func (q Query) hidden(account string, sets []types.ResourceRecordSet) Thing {
	name := q.Organization.ZoneName(account)
	return Thing{
		Account: organization.Master, Refused: true,
		Text: fmt.Sprintf("the zone %s has %s, which nobody would find any more when %s is delegated to account %s's own zone",
			q.Organization.Domain, someOf(sets, func(set types.ResourceRecordSet) string { return plain(set) + " " + string(set.Type) }), name, account),
		Remedy: fmt.Sprintf("make a zone %s in account %s with these records first, delegate to it by a record set %[1]s NS, and run again: coldstart takes both over; or delete the records if nobody needs them; or give the account another name", name, account),
	}
}

// local says what happens to records of the name local.
func (q Query) local(name string, sets []types.ResourceRecordSet) []Thing {
	var found []Thing
	for _, set := range sets {
		if plain(set) != name || set.Type != types.RRTypeA && set.Type != types.RRTypeCname {
			continue
		}
		t := Thing{Account: organization.Master, Text: fmt.Sprintf("the zone %s has %s A 127.0.0.1 already: it is taken over", q.Organization.Domain, name)}
		if set.Type != types.RRTypeA || !slices.Equal(values(set), []string{"127.0.0.1"}) {
			t.Text = fmt.Sprintf("the zone %s has %s %s already: AWS refuses a second one", q.Organization.Domain, name, set.Type)
			t.Refused, t.Remedy = true, "delete it, or write coldstart:dns: {local: false}"
		}
		found = append(found, t)
	}
	return found
}

func recordSets(ctx context.Context, cfg aws.Config, zoneID string) ([]types.ResourceRecordSet, error) {
	var sets []types.ResourceRecordSet
	for pages := route53.NewListResourceRecordSetsPaginator(route53.NewFromConfig(cfg), &route53.ListResourceRecordSetsInput{HostedZoneId: &zoneID}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		sets = append(sets, page.ResourceRecordSets...)
	}
	return sets, nil
}

// zoneServers returns the name servers of an account's own public zone; none if the account has no
// such zone, or several. entered is false if the account can't be entered, so that nobody knows.
func (q Query) zoneServers(ctx context.Context, account, name string) (servers []string, entered bool, err error) {
	if account != organization.Master && q.Roles[account] == "" {
		return nil, true, nil // An account that doesn't exist yet has no zone.
	}
	cfg := q.Enter(q.Roles[account])
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, false, nil //nolint:nilerr // The account's own stack needs the role, and says why.
	}
	client := route53.NewFromConfig(cfg)
	out, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &name})
	if err != nil {
		return nil, true, fmt.Errorf("looking for the zone %s in account %s: %w", name, account, err)
	}
	for _, z := range out.HostedZones {
		if strings.TrimSuffix(aws.ToString(z.Name), ".") != name || z.Config != nil && z.Config.PrivateZone {
			continue
		}
		got, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: z.Id})
		if err != nil || got.DelegationSet == nil || servers != nil {
			return nil, true, err
		}
		servers = hosts(got.DelegationSet.NameServers)
	}
	return servers, true, nil
}

// plain returns a record set's name as the declaration has it. Route 53 writes the star as an octal
// escape.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
func plain(set types.ResourceRecordSet) string {
	return strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(aws.ToString(set.Name), `\052`, "*"), "."))
}

func values(set types.ResourceRecordSet) []string {
	var all []string
	for _, r := range set.ResourceRecords {
		all = append(all, aws.ToString(r.Value))
	}
	return hosts(all)
}

// hosts returns host names in a form that can be compared.
func hosts(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	slices.Sort(all)
	return all
}
