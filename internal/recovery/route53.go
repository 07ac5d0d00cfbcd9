package recovery

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// delegationSet finds the reusable delegation set that was created with the reference name and
// isn't in the state.
func delegationSet(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	client, input := route53.NewFromConfig(cfg), &route53.ListReusableDelegationSetsInput{}
	for {
		page, err := client.ListReusableDelegationSets(ctx, input)
		if err != nil {
			return "", err
		}
		for _, set := range page.DelegationSets {
			id := strings.TrimPrefix(aws.ToString(set.Id), "/delegationset/")
			// The provider appends its name and a unique number to the reference name. The
			// prefix contains the provider's name, because the reference of a zone's second set
			// begins like that of the first.
			if strings.HasPrefix(aws.ToString(set.CallerReference), r.text("referenceName")+"-terraform-") && !f.Has(id) {
				return id, nil
			}
		}
		if !page.IsTruncated {
			return "", nil
		}
		input.Marker = page.NextMarker
	}
}

// SetOfZone returns the delegation set of a public zone; empty if there is none.
func (f *Finder) SetOfZone(ctx context.Context, provider map[string]any, domain string) (string, error) {
	cfg, err := f.Config(ctx, provider)
	if err != nil {
		return "", err
	}
	client := route53.NewFromConfig(cfg)
	zones, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &domain})
	if err != nil {
		return "", err
	}
	for _, z := range zones.HostedZones {
		if strings.TrimSuffix(aws.ToString(z.Name), ".") != domain || z.Config != nil && z.Config.PrivateZone {
			continue
		}
		zone, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: z.Id})
		if err != nil || zone.DelegationSet == nil || zone.DelegationSet.Id == nil {
			return "", err
		}
		return strings.TrimPrefix(*zone.DelegationSet.Id, "/delegationset/"), nil
	}
	return "", nil
}

// zone finds the zone with the name on the delegation set. Each set is used for one zone.
func zone(ctx context.Context, f *Finder, r Resource) (string, error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	zones, err := route53.NewFromConfig(cfg).ListHostedZones(ctx, &route53.ListHostedZonesInput{DelegationSetId: aws.String(r.text("delegationSetId"))})
	if err != nil {
		return "", err
	}
	for _, z := range zones.HostedZones {
		id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		if strings.TrimSuffix(aws.ToString(z.Name), ".") == r.text("name") && !f.Has(id) {
			return id, nil
		}
	}
	return "", nil
}

// sameRecord reports whether a zone's record set has exactly the declared values.
func sameRecord(ctx context.Context, _ *Finder, cfg aws.Config, r Resource) (bool, error) {
	zone, name, kind := r.text("zoneId"), r.text("name"), types.RRType(r.text("type"))
	out, err := route53.NewFromConfig(cfg).ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: &zone, StartRecordName: &name, StartRecordType: kind, MaxItems: aws.Int32(1),
	})
	if err != nil {
		return false, err
	}
	declared := map[string]bool{}
	values, _ := r.Inputs["records"].([]any)
	for _, v := range values {
		declared[strings.TrimSuffix(fmt.Sprint(v), ".")] = true
	}
	if len(out.ResourceRecordSets) == 0 {
		return false, nil
	}
	set := out.ResourceRecordSets[0]
	same := set.Type == kind && unescaped(aws.ToString(set.Name)) == strings.TrimSuffix(name, ".") && len(set.ResourceRecords) == len(declared)
	for _, record := range set.ResourceRecords {
		same = same && declared[strings.TrimSuffix(aws.ToString(record.Value), ".")]
	}
	return same, nil
}

// unescaped returns a name as it is declared. Route 53 returns an asterisk as an octal code.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
func unescaped(name string) string {
	return strings.TrimSuffix(strings.ReplaceAll(name, `\052`, "*"), ".")
}
