package dns_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

var tags = pulumi.ToStringMap(map[string]string{"Account": "prod"})

func TestZone(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("prod", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			z, err := dns.NewZone(ctx, "zone", &dns.ZoneArgs{Name: "acme-prod-zone", Domain: "prod.acme.example", Tags: tags}, in)
			if err != nil {
				return err
			}
			ctx.Export("id", z.ID)
			ctx.Export("nameServers", z.NameServers)
			return nil
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		want := []string{pulumitest.DelegationSet + " zone", pulumitest.Zone + " zone"}
		if diff := cmp.Diff(want, result.Children(result.Resource(t, dns.ZoneType, "zone"))); diff != "" {
			t.Errorf("children: (-want +got)\n%s", diff)
		}
		result.CheckProviders(t, "prod")
		result.CheckProtected(t)
		zone := map[string]any{
			"name": "prod.acme.example", "comment": "Managed by coldstart", "delegationSetId": "NZONE", "tags": map[string]any{"Account": "prod"},
		}
		exports := map[string]any{"id": "ZZONE", "nameServers": []any{"ns-1.zone", "ns-2.zone", "ns-3.zone", "ns-4.zone"}}
		if preview {
			zone["delegationSetId"] = pulumitest.Unknown
			exports = map[string]any{"id": pulumitest.Unknown, "nameServers": pulumitest.Unknown}
		}
		if diff := cmp.Diff(zone, result.Resource(t, pulumitest.Zone, "zone").Inputs); diff != "" {
			t.Errorf("zone: (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(exports, result.Exports); diff != "" {
			t.Errorf("outputs: (-want +got)\n%s", diff)
		}
	})
}

// TestZoneAvoidsItsParent takes the first set that shares no name server with the
// zone above, in each run the same, and the first set at all where no others are.
func TestZoneAvoidsItsParent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parent []string
		sets   []string
		on     string
	}{
		"none shared":     {[]string{"ns-1.apex", "ns-2.apex", "ns-3.apex", "ns-4.apex"}, []string{"zone"}, "zone"},
		"one shared":      {[]string{"ns-1.apex", "ns-2.apex", "NS-3.zone.", "ns-4.apex"}, []string{"zone", "zone-2"}, "zone-2"},
		"two sets shared": {[]string{"ns-1.zone-2", "ns-2.apex", "ns-3.zone", "ns-4.apex"}, []string{"zone", "zone-2", "zone-3"}, "zone-3"},
		"an emulator":     {[]string{"ns-1.zone", "ns-2.zone", "ns-3.zone", "ns-4.zone"}, []string{"zone"}, "zone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("prod", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
					z, err := dns.NewZone(ctx, "zone", &dns.ZoneArgs{
						Name: "acme-prod-zone", Domain: "prod.acme.example", ParentNameServers: pulumi.ToStringArray(c.parent),
					}, in)
					if err != nil {
						return err
					}
					ctx.Export("nameServers", z.NameServers)
					return nil
				}))
				if result.Err != nil {
					t.Fatal(result.Err)
				}
				result.CheckProviders(t, "prod")
				result.CheckProtected(t)
				if preview {
					if n := len(result.OfType(pulumitest.DelegationSet)); n != 1 || result.Exports["nameServers"] != pulumitest.Unknown {
						t.Errorf("a preview has %d sets and %v", n, result.Exports)
					}
					return
				}
				var sets []string
				for _, set := range result.OfType(pulumitest.DelegationSet) {
					sets = append(sets, set.Name)
					if want := strings.Replace(set.Name, "zone", "acme-prod-zone", 1); set.At("referenceName") != want {
						t.Errorf("%s has the reference %v, not %s", set.Name, set.At("referenceName"), want)
					}
				}
				if diff := cmp.Diff(c.sets, sets); diff != "" {
					t.Errorf("sets: (-want +got)\n%s", diff)
				}
				zone := result.Resource(t, pulumitest.Zone, "zone")
				if got, want := zone.At("delegationSetId"), "N"+strings.ToUpper(c.on); got != want {
					t.Errorf("the zone is on %v, not %s", got, want)
				}
				if !zone.Waits(result.Resource(t, pulumitest.DelegationSet, c.on)) {
					t.Errorf("the zone waits for %v", zone.DependsOn)
				}
				want := []any{"ns-1." + c.on, "ns-2." + c.on, "ns-3." + c.on, "ns-4." + c.on}
				if diff := cmp.Diff(any(want), result.Exports["nameServers"]); diff != "" {
					t.Errorf("name servers: (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// TestZoneGivesUp ends when no set is good.
func TestZoneGivesUp(t *testing.T) {
	t.Parallel()
	parent := []string{"ns-1.zone"}
	for i := range 30 {
		parent = append(parent, fmt.Sprintf("ns-1.zone-%d", i))
	}
	result := pulumitest.Run{}.Do(t, pulumitest.In("prod", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		z, err := dns.NewZone(ctx, "zone", &dns.ZoneArgs{Name: "acme-prod-zone", Domain: "prod.acme.example", ParentNameServers: pulumi.ToStringArray(parent)}, in)
		if err == nil {
			ctx.Export("nameServers", z.NameServers)
		}
		return err
	}))
	if result.Err == nil || !strings.Contains(result.Err.Error(), "shares a name server with the zone above prod.acme.example") {
		t.Errorf("got %v", result.Err)
	}
}

// TestDelegationBeforeZone checks that the delegation needs the name servers
// only, and not the zone, which takes longer.
func TestDelegationBeforeZone(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("prod", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			z, err := dns.NewZone(ctx, "zone", &dns.ZoneArgs{Name: "acme-prod-zone", Domain: "prod.acme.example"}, in)
			if err != nil {
				return err
			}
			_, err = dns.NewDelegation(ctx, "delegation", &dns.DelegationArgs{
				ApexZoneID: pulumi.String("ZAPEX"), Domain: "prod.acme.example", NameServers: z.NameServers,
			}, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		result.CheckProviders(t, "prod")
		result.CheckProtected(t)
		record := result.Resource(t, pulumitest.Record, "delegation")
		if record.Parent != result.Resource(t, dns.DelegationType, "delegation").URN {
			t.Errorf("parent is %s", record.Parent)
		}
		want := map[string]any{
			"zoneId": "ZAPEX", "name": "prod.acme.example", "type": "NS", "ttl": 300.0,
			"records": []any{"ns-1.zone", "ns-2.zone", "ns-3.zone", "ns-4.zone"},
		}
		if preview {
			want["records"] = pulumitest.Unknown
		}
		if diff := cmp.Diff(want, record.Inputs); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if record.Waits(result.Resource(t, pulumitest.Zone, "zone")) || !record.Waits(result.Resource(t, pulumitest.DelegationSet, "zone")) {
			t.Errorf("waits for %v", record.DependsOn)
		}
	})
}

func TestLocal(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			_, err := dns.NewLocal(ctx, "local", &dns.LocalArgs{ApexZoneID: pulumi.String("ZAPEX"), Domain: "acme.example"}, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		result.CheckProviders(t, "master")
		result.CheckProtected(t, pulumitest.Record)
		want := []string{pulumitest.Record + " local", pulumitest.Record + " local-wildcard"}
		if diff := cmp.Diff(want, result.Children(result.Resource(t, dns.LocalType, "local"))); diff != "" {
			t.Errorf("children: (-want +got)\n%s", diff)
		}
		for name, domain := range map[string]string{"local": "local.acme.example", "local-wildcard": "*.local.acme.example"} {
			want := map[string]any{"zoneId": "ZAPEX", "name": domain, "type": "A", "ttl": 300.0, "records": []any{"127.0.0.1"}}
			if diff := cmp.Diff(want, result.Resource(t, pulumitest.Record, name).Inputs); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", name, diff)
			}
		}
	})
}

const (
	trust = `{"Version":"2012-10-17","Statement":[{"Sid":"MasterAndMember","Effect":"Allow",` +
		`"Principal":{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::123456789012:root"]},"Action":"sts:AssumeRole",` +
		`"Condition":{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::111111111111:*","arn:aws:iam::123456789012:role/Access"]},` +
		`"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}`
	rights = `{"Version":"2012-10-17","Statement":[` +
		`{"Sid":"ChangeOneName","Effect":"Allow","Action":"route53:ChangeResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/ZAPEX",` +
		`"Condition":{"ForAllValues:StringEquals":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":"prod.acme.example","route53:ChangeResourceRecordSetsRecordTypes":"NS"},` +
		`"Null":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":"false","route53:ChangeResourceRecordSetsRecordTypes":"false"}}},` +
		`{"Sid":"ReadItsRecords","Effect":"Allow","Action":"route53:ListResourceRecordSets","Resource":"arn:aws:route53:::hostedzone/ZAPEX"},` +
		`{"Sid":"SeeWhichZonesAreGone","Effect":"Allow","Action":"route53:GetHostedZone","Resource":"arn:aws:route53:::hostedzone/*"},` +
		`{"Sid":"WaitForTheChange","Effect":"Allow","Action":"route53:GetChange","Resource":"arn:aws:route53:::change/*"}]}`
)

func TestRole(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			role, err := dns.NewRole(ctx, "prod", &dns.RoleArgs{
				Name:            "acme-prod-delegation",
				Domain:          "prod.acme.example",
				ApexZoneID:      pulumi.String("ZAPEX"),
				OrganizationID:  pulumi.String("o-1"),
				MasterAccountID: pulumi.String("111111111111"),
				MemberAccountID: pulumi.String("123456789012"),
				MemberRole:      "Access",
				Tags:            tags,
			}, in)
			if err != nil {
				return err
			}
			ctx.Export("arn", role.ARN)
			return nil
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		want := []string{pulumitest.Role + " prod", pulumitest.RolePolicy + " prod"}
		if diff := cmp.Diff(want, result.Children(result.Resource(t, dns.RoleType, "prod"))); diff != "" {
			t.Errorf("children: (-want +got)\n%s", diff)
		}
		result.CheckProviders(t, "master")
		result.CheckPolicies(t)
		role := map[string]any{
			"name": "acme-prod-delegation", "description": "Delegates prod.acme.example and changes nothing else",
			"assumeRolePolicy": trust, "tags": map[string]any{"Account": "prod"},
		}
		if diff := cmp.Diff(role, result.Resource(t, pulumitest.Role, "prod").Inputs); diff != "" {
			t.Errorf("role: (-want +got)\n%s", diff)
		}
		inline := map[string]any{"name": "delegation", "role": "acme-prod-delegation", "policy": rights}
		if diff := cmp.Diff(inline, result.Resource(t, pulumitest.RolePolicy, "prod").Inputs); diff != "" {
			t.Errorf("role policy: (-want +got)\n%s", diff)
		}
		if (result.Exports["arn"] == pulumitest.Unknown) != preview {
			t.Errorf("outputs are %v", result.Exports)
		}
	})
}

// TestRoleIsHandedOverWithItsPolicy hands over the ARN when the role may do what it
// is for, and shows it in a preview where the role exists.
func TestRoleIsHandedOverWithItsPolicy(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	permitted := false
	result := pulumitest.Run{OnRegister: func(r pulumitest.Resource) {
		if r.Type == pulumitest.RolePolicy {
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			permitted = true
		}
	}}.Do(t, pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		role, err := dns.NewRole(ctx, "prod", &dns.RoleArgs{
			Name: "acme-prod-delegation", Domain: "prod.acme.example", ApexZoneID: pulumi.String("ZAPEX"), OrganizationID: pulumi.String("o-1"),
			MasterAccountID: pulumi.String("111111111111"), MemberAccountID: pulumi.String("123456789012"), MemberRole: "Access",
		}, in)
		if err != nil {
			return err
		}
		ctx.Export("early", role.ARN.ApplyT(func(string) bool {
			mu.Lock()
			defer mu.Unlock()
			return !permitted
		}))
		return nil
	}))
	if result.Err != nil || result.Exports["early"] != false {
		t.Errorf("%v: %v", result.Err, result.Exports)
	}
}
