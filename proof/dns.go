package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// zone is a public hosted zone.
type zone struct {
	id          string
	nameServers []string
}

// apexZone is the zone that delegates to the accounts' zones.
type apexZone struct {
	zone
	records []types.ResourceRecordSet
}

// readApexOnce returns a function that reads the apex zone on its first call.
func (p *prover) readApexOnce(ctx context.Context) func() (apexZone, error) {
	return sync.OnceValues(func() (apexZone, error) {
		client := p.master().route53
		z, err := findZone(ctx, client, p.org.Domain)
		if err != nil {
			return apexZone{}, err
		}
		apex := apexZone{zone: z}
		pages := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: &z.id})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return apexZone{}, err
			}
			apex.records = append(apex.records, page.ResourceRecordSets...)
		}
		return apex, nil
	})
}

// findZone returns the public zone of the given name in an account. It returns an error if there
// isn't exactly one.
func findZone(ctx context.Context, client *route53.Client, domain string) (zone, error) {
	var ids []string
	pages := route53.NewListHostedZonesPaginator(client, &route53.ListHostedZonesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return zone{}, err
		}
		for _, z := range page.HostedZones {
			if sameName(aws.ToString(z.Name), domain) && (z.Config == nil || !z.Config.PrivateZone) {
				ids = append(ids, strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"))
			}
		}
	}
	if len(ids) != 1 {
		return zone{}, fmt.Errorf("the account has %d public zones %s", len(ids), domain)
	}
	out, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &ids[0]})
	if err != nil {
		return zone{}, err
	}
	if out.DelegationSet == nil || len(out.DelegationSet.NameServers) == 0 {
		return zone{}, fmt.Errorf("the zone %s shows no name servers", domain)
	}
	return zone{id: ids[0], nameServers: out.DelegationSet.NameServers}, nil
}

// proveZones proves the account's zone, its delegation in the apex zone, and who may change that
// delegation. For the management account it also proves the apex zone.
func (p *prover) proveZones(ctx context.Context, a *account) {
	domain := p.org.ZoneName(a.name)
	if a == p.master() {
		_, err := p.apex()
		a.note(SubjectZone, p.org.Domain+" is a public zone, once", err)
	}
	a.claim(SubjectZone, domain+" is a public zone of the account, once", func() (err error) {
		a.zone, err = findZone(ctx, a.route53, domain)
		return err
	})
	p.proveApart(a, domain)
	a.claim(SubjectDelegation, fmt.Sprintf("%s delegates %s to the zone's name servers", p.org.Domain, domain), func() error {
		return p.checkDelegation(domain, a.zone)
	})
	if a == p.master() {
		p.proveLocal(a)
		return
	}
	role := p.org.Name(a.name, organization.RoleDelegation)
	a.note(SubjectDelegation, role+" lets in the management account and this one only, while they are in the organization", p.checkDelegator(ctx, a, role))
	a.note(SubjectDelegation, fmt.Sprintf("%s may change the NS records of %s and nothing else", role, domain), p.checkDelegatorPolicy(ctx, role, domain))
}

// proveApart proves that the account's zone and the apex zone share no name server.
func (p *prover) proveApart(a *account, domain string) {
	if p.sameServers() {
		return
	}
	a.claim(SubjectZone, fmt.Sprintf("%s and %s, above it, share no name server", domain, p.org.Domain), func() error {
		return p.checkApart(a.name, domain, a.zone)
	})
}

func (p *prover) checkDelegation(domain string, z zone) error {
	apex, err := p.apex()
	if err != nil {
		return err
	}
	if z.id == "" {
		return errors.New("there is no zone to delegate to")
	}
	return checkRecord(apex.records, domain, types.RRTypeNs, z.nameServers)
}

// checkApart checks that a zone and the apex zone share no name server. A shared name server would
// answer for both zones, and Route 53 refuses such zones.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html#API_CreateHostedZone_Errors
func (p *prover) checkApart(account, domain string, z zone) error {
	apex, err := p.apex()
	if err != nil {
		return err
	}
	if z.id == "" {
		return errors.New("there is no zone")
	}
	above := normalized(apex.nameServers)
	var shared []string
	for _, server := range normalized(z.nameServers) {
		if slices.Contains(above, server) {
			shared = append(shared, server)
		}
	}
	if len(shared) == 0 {
		return nil
	}
	return remedied(fmt.Errorf("both are on %s", strings.Join(shared, ", ")),
		"names resolve all the same, and `coldstart up` leaves the zone as it is; "+
			"to move it, make another delegation set (`aws route53 create-reusable-delegation-set`) until it has none of %s, "+
			"make a second zone %s on it and copy the records; "+
			"put the ids of both in the place of %s and its set's in the state (`pulumi stack export --stack %s`, `pulumi stack import --stack %[4]s`), "+
			"run `coldstart refresh %[4]s` and `coldstart up %[4]s`, and delete the old zone two days later",
		strings.Join(above, ", "), domain, z.id, account)
}

// servesAllAlike reports whether the endpoint gives every zone the same name servers, as a bare
// emulator does. It compares the apex zone with the management account's own zone.
func (p *prover) servesAllAlike(ctx context.Context) bool {
	apex, err := p.apex()
	if err != nil {
		return false
	}
	z, err := findZone(ctx, p.master().route53, p.org.ZoneName(organization.Master))
	return err == nil && sameNames(z.nameServers, apex.nameServers)
}

// proveLocal proves the records of the name local.
func (p *prover) proveLocal(a *account) {
	if !p.org.DNS.Local {
		return
	}
	apex, err := p.apex()
	for _, domain := range []string{"local." + p.org.Domain, "*.local." + p.org.Domain} {
		a.claim(SubjectLocal, domain+" is 127.0.0.1", func() error {
			if err != nil {
				return err
			}
			return checkRecord(apex.records, domain, types.RRTypeA, []string{"127.0.0.1"})
		})
	}
}

// checkRecord checks that there is exactly one record set with the given name and type, and that it
// has the given values.
func checkRecord(records []types.ResourceRecordSet, domain string, kind types.RRType, values []string) error {
	var sets []types.ResourceRecordSet
	for _, r := range records {
		if r.Type == kind && sameName(aws.ToString(r.Name), domain) {
			sets = append(sets, r)
		}
	}
	if len(sets) != 1 {
		return fmt.Errorf("the apex zone has %d %s record sets for %s", len(sets), kind, domain)
	}
	var found []string
	for _, r := range sets[0].ResourceRecords {
		found = append(found, aws.ToString(r.Value))
	}
	if !sameNames(found, values) {
		return fmt.Errorf("the record set is %s, and not %s", strings.Join(found, ", "), strings.Join(values, ", "))
	}
	return nil
}

func (p *prover) checkDelegator(ctx context.Context, a *account, role string) error {
	if a.id == "" {
		return a.unreachable
	}
	out, err := p.master().iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	if err != nil {
		return err
	}
	trust, err := parsePolicy(aws.ToString(out.Role.AssumeRolePolicyDocument))
	if err != nil {
		return err
	}
	return trust.trustsWithin(p.organizationID(), p.masterID, a.id)
}

// checkDelegatorPolicy checks the delegation role's policy.
func (p *prover) checkDelegatorPolicy(ctx context.Context, role, domain string) error {
	apex, err := p.apex()
	if err != nil {
		return err
	}
	policy, err := p.master().onlyPolicy(ctx, role)
	if err != nil {
		return err
	}
	return policy.changesOnly(apex.id, domain)
}

// onlyPolicy returns the policy of a role that has exactly one, an inline policy.
func (a *account) onlyPolicy(ctx context.Context, role string) (*policyDocument, error) {
	attached, err := a.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	if err != nil {
		return nil, err
	}
	inline, err := a.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &role})
	if err != nil {
		return nil, err
	}
	if len(attached.AttachedPolicies) > 0 || len(inline.PolicyNames) != 1 {
		return nil, fmt.Errorf("it has %d managed policies and %d inline ones, not 0 and 1", len(attached.AttachedPolicies), len(inline.PolicyNames))
	}
	out, err := a.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &inline.PolicyNames[0]})
	if err != nil {
		return nil, err
	}
	return parsePolicy(aws.ToString(out.PolicyDocument))
}

// sharedNameServers says what can't be proved if all zones have the same name servers.
func (p *prover) sharedNameServers() string {
	if !p.sameServers() {
		return ""
	}
	return "whether each delegation is to its own zone's name servers and not to another's, and whether zones share no name server with the zone above: this endpoint gives every zone the same ones"
}

// sameNames reports whether two lists have the same domain names or addresses, in any order.
func sameNames(a, b []string) bool {
	return sameSet(normalized(a), normalized(b))
}

func sameName(a, b string) bool { return normalize(a) == normalize(b) }

func normalized(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = normalize(name)
	}
	return out
}

// normalize returns a name in lower case and without a final dot. Route 53 writes an asterisk as an
// octal code, which normalize replaces.
func normalize(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(name, ".")), `\052`, "*")
}
