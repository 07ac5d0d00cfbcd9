//go:build e2e

package e2e

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// served is a zone that somebody else has created.
type served struct {
	w       *world
	client  *route53.Client
	id      string
	servers []string
}

// serve creates the zone of a domain.
func (w *world) serve(cfg aws.Config, domain string) served {
	w.t.Helper()
	client := route53.NewFromConfig(cfg)
	zone, err := client.CreateHostedZone(w.t.Context(), &route53.CreateHostedZoneInput{
		Name: &domain, CallerReference: &domain, HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String("mail and www")},
	})
	must(w.t, err)
	s := served{w, client, strings.TrimPrefix(aws.ToString(zone.HostedZone.Id), "/hostedzone/"), zone.DelegationSet.NameServers}
	_, err = client.ChangeTagsForResource(w.t.Context(), &route53.ChangeTagsForResourceInput{
		ResourceId: &s.id, ResourceType: types.TagResourceTypeHostedzone, AddTags: []types.Tag{{Key: aws.String("team"), Value: aws.String("web")}},
	})
	must(w.t, err)
	return s
}

// record creates a record set.
func (s served) record(name string, kind types.RRType, values ...string) {
	s.w.t.Helper()
	set := &types.ResourceRecordSet{Name: &name, Type: kind, TTL: aws.Int64(300)}
	for _, v := range values {
		set.ResourceRecords = append(set.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	_, err := s.client.ChangeResourceRecordSets(s.w.t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &s.id, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{Action: types.ChangeActionCreate, ResourceRecordSet: set}}},
	})
	must(s.w.t, err)
}

// has returns the zone's comment, name servers, tags and record sets. It leaves out the record
// sets of the declared names.
func (s served) has(declared ...string) []string {
	s.w.t.Helper()
	ctx := s.w.t.Context()
	zone, err := s.client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &s.id})
	must(s.w.t, err)
	all := append([]string{aws.ToString(zone.HostedZone.Config.Comment)}, zone.DelegationSet.NameServers...)
	tags, err := s.client.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{ResourceId: &s.id, ResourceType: types.TagResourceTypeHostedzone})
	must(s.w.t, err)
	for _, tag := range tags.ResourceTagSet.Tags {
		all = append(all, aws.ToString(tag.Key)+"="+aws.ToString(tag.Value))
	}
	sets, err := s.client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &s.id})
	must(s.w.t, err)
	for _, set := range sets.ResourceRecordSets {
		name := strings.TrimSuffix(strings.ReplaceAll(aws.ToString(set.Name), `\052`, "*"), ".")
		if slices.Contains(declared, name) {
			continue
		}
		all = append(all, name+" "+string(set.Type))
		for _, r := range set.ResourceRecords {
			all = append(all, aws.ToString(r.Value))
		}
	}
	return all
}

// same checks that the zone hasn't changed, and that no other zone has its name.
func (s served) same(was []string, declared ...string) {
	s.w.t.Helper()
	if diff := cmp.Diff(was, s.has(declared...)); diff != "" {
		s.w.t.Errorf("somebody's zone changed (-was +is)\n%s", diff)
	}
	domain, err := s.client.GetHostedZone(s.w.t.Context(), &route53.GetHostedZoneInput{Id: &s.id})
	must(s.w.t, err)
	zones, err := s.client.ListHostedZones(s.w.t.Context(), &route53.ListHostedZonesInput{})
	must(s.w.t, err)
	for _, other := range zones.HostedZones {
		if id := strings.TrimPrefix(aws.ToString(other.Id), "/hostedzone/"); id != s.id && aws.ToString(other.Name) == aws.ToString(domain.HostedZone.Name) {
			s.w.t.Errorf("there are the zones %s and %s of the name %s", s.id, id, aws.ToString(other.Name))
		}
	}
}

// entered returns a configuration that works in a member account, by the role with this name.
func (w *world) entered(account, role string) aws.Config {
	cfg := w.emulator.Config(w.organization().Region)
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), organization.RoleARN(account, role)))
	return cfg
}
