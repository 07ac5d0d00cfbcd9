package program

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/stackref"
)

// noted is what a stack exported about one of its zones when it last ran to its end.
type noted struct {
	id          string
	nameServers []string
	adopted     bool
}

// findZone returns the public hosted zone of a domain that the account has already; the
// zero value if it has none, or if a preview can't know the account yet. Several are an
// error, unless the stack has one. Route 53 makes as many zones of one name as it is asked
// for, each on other name servers, so AWS is asked in every run, whatever the state and the
// outputs say.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
func (a *account) findZone(domain string, last noted) (dns.Existing, error) {
	none := dns.Existing{NameServers: last.nameServers}
	if plan := a.org.settings.Plan; plan != nil && plan.Unmade {
		return none, nil
	}
	found, err := a.lookupZone(&route53.LookupZoneArgs{Name: &domain})
	switch {
	case awserror.Says(err, awserror.SeveralZones):
		found, err = a.oneOfZones(domain, last)
	case awserror.Says(err, awserror.NoZone):
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
	return existing, a.ctx.Log.Warn(fmt.Sprintf("account %s has a zone %s already (%s, %d record sets), which is taken over as it is: its records, comment and tags stay, and so do its name servers",
		a.name, domain, found.ZoneId, found.ResourceRecordSetCount), nil)
}

func (a *account) lookupZone(args *route53.LookupZoneArgs) (*route53.LookupZoneResult, error) {
	found, err := route53.LookupZone(a.ctx, args, pulumi.Provider(a.provider))
	if err != nil {
		return nil, fmt.Errorf("looking for zones in account %s: %w", a.name, err)
	}
	return found, nil
}

// oneOfZones returns that of several zones which the stack has, and says which the others are.
func (a *account) oneOfZones(domain string, last noted) (*route53.LookupZoneResult, error) {
	all, err := route53.GetZones(a.ctx, pulumi.Provider(a.provider))
	if err != nil {
		return nil, fmt.Errorf("looking for zones in account %s: %w", a.name, err)
	}
	var ours *route53.LookupZoneResult
	var others []string
	for _, id := range all.Ids {
		found, err := a.lookupZone(&route53.LookupZoneArgs{ZoneId: &id})
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
			a.name, len(others), domain, strings.Join(others, "; "))
	}
	return ours, a.ctx.Log.Warn(fmt.Sprintf("account %s has another public zone %s besides coldstart's, %s: %s; only one of them is ever asked, that on the name servers that the zone above refers to",
		a.name, domain, last.id, strings.Join(others, "; ")), nil)
}

// lastZone is what the stack has noted about the account's zone.
func lastZone(previous *stackref.Account) noted {
	if previous == nil || previous.ZoneID == "" {
		return noted{}
	}
	return noted{id: previous.ZoneID, nameServers: previous.NameServers, adopted: previous.ZoneAdopted}
}

// lastApex is what the master stack has noted about the apex zone.
func lastApex(previous *stackref.Master) noted {
	if previous == nil || previous.ApexZoneID == "" {
		return noted{}
	}
	return noted{id: previous.ApexZoneID, nameServers: previous.ApexNameServers, adopted: previous.ApexZoneAdopted}
}
