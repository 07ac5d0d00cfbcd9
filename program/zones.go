package program

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/stackref"
)

// noted is what a stack exported about one of its zones when it last ran to its end.
type noted struct {
	id          string
	nameServers []string
	adopted     bool
}

// zones finds the public hosted zones that an account has already. Route 53 makes as many
// zones of one name as it is asked for, each on other name servers, so AWS is asked in
// every run, whatever the state and the outputs say.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
type zones struct {
	ctx      *pulumi.Context
	org      *declaration
	account  string
	provider *aws.Provider
}

// find returns the account's zone of a domain; the zero value if it has none, or if a
// preview can't know the account yet. Several are an error, unless the stack has one.
func (z zones) find(domain string, last noted) (dns.Existing, error) {
	none := dns.Existing{NameServers: last.nameServers}
	if plan := z.org.settings.Plan; plan != nil && plan.Unmade {
		return none, nil
	}
	found, err := z.lookup(&route53.LookupZoneArgs{Name: &domain})
	switch {
	case err != nil && strings.Contains(err.Error(), "multiple Route 53 Hosted Zones matched"): // The provider's words, here and below.
		found, err = z.oneOf(domain, last)
	case err != nil && strings.Contains(err.Error(), "no matching Route 53 Hosted Zone found"):
		return none, nil
	}
	if err != nil || found.ZoneId == "" {
		return none, err
	}
	existing := dns.Existing{ID: found.ZoneId, NameServers: found.NameServers, Adopted: last.adopted}
	if last.id == found.ZoneId {
		return existing, nil
	}
	if found.Comment == dns.Comment {
		return none, nil // A run that was interrupted has made the zone: the state has it, or `coldstart up` puts it there.
	}
	existing.Adopted = true
	return existing, z.ctx.Log.Warn(fmt.Sprintf("account %s has a zone %s already (%s, %d record sets), which is taken over as it is: its records, comment and tags stay, and so do its name servers",
		z.account, domain, found.ZoneId, found.ResourceRecordSetCount), nil)
}

func (z zones) lookup(args *route53.LookupZoneArgs) (*route53.LookupZoneResult, error) {
	found, err := route53.LookupZone(z.ctx, args, pulumi.Provider(z.provider))
	if err != nil {
		return nil, fmt.Errorf("looking for zones in account %s: %w", z.account, err)
	}
	return found, nil
}

// oneOf returns that of several zones which the stack has, and says which the others are.
func (z zones) oneOf(domain string, last noted) (*route53.LookupZoneResult, error) {
	all, err := route53.GetZones(z.ctx, pulumi.Provider(z.provider))
	if err != nil {
		return nil, fmt.Errorf("looking for zones in account %s: %w", z.account, err)
	}
	var ours *route53.LookupZoneResult
	var others []string
	for _, id := range all.Ids {
		found, err := z.lookup(&route53.LookupZoneArgs{ZoneId: &id})
		switch {
		case err != nil:
			return nil, err
		case found.PrivateZone != nil && *found.PrivateZone || !strings.EqualFold(found.Name, domain):
		case id == last.id:
			ours = found
		default:
			others = append(others, fmt.Sprintf("%s (%d record sets, on %s)", id, found.ResourceRecordSetCount, strings.Join(found.NameServers, ", ")))
		}
	}
	if ours == nil {
		return nil, fmt.Errorf("account %s has %d public zones %s, and coldstart takes over one: %s; keep the one whose name servers the zone above refers to (`dig +trace %[3]s NS`), copy into it what only another has, delete the others (`aws route53 delete-hosted-zone --id …`), and run again",
			z.account, len(others), domain, strings.Join(others, "; "))
	}
	return ours, z.ctx.Log.Warn(fmt.Sprintf("account %s has another public zone %s besides coldstart's, %s: %s; only one of them is ever asked, that on the name servers that the zone above refers to",
		z.account, domain, last.id, strings.Join(others, "; ")), nil)
}

// lastApex is what the master stack has noted about the apex zone.
func lastApex(previous *stackref.Master) noted {
	if previous == nil || previous.ApexZoneID == "" {
		return noted{}
	}
	return noted{id: previous.ApexZoneID, nameServers: previous.ApexNameServers, adopted: previous.ApexZoneAdopted}
}
