package dns_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/dns"
)

// An apex zone, a zone below it on other name servers, and the delegation.
func ExampleNewDelegation() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		apex, err := dns.NewZone(ctx, "apex", &dns.ZoneArgs{Name: "acme-master-apex", Domain: "acme.example"})
		if err != nil {
			return err
		}
		prod, err := dns.NewZone(ctx, "prod", &dns.ZoneArgs{
			Name: "acme-prod-zone", Domain: "prod.acme.example", ParentNameServers: apex.NameServers,
		})
		if err != nil {
			return err
		}
		_, err = dns.NewDelegation(ctx, "delegation", &dns.DelegationArgs{
			Domain: "prod.acme.example", ApexZoneID: apex.ID, NameServers: prod.NameServers,
		})
		return err
	})
}
