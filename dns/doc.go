// Package dns declares zones and their delegation: the apex zone in the
// management account, a zone in each account, and one NS record set in the apex
// for each, written through a role that may change that name only.
//
// Every zone is created on a reusable delegation set of its own. The set's name
// servers are known before the zone is, so the delegation doesn't wait for the
// zone, the registrar can be told at once, and a zone that has to be made again
// keeps its name servers. Route 53 refuses a zone on a set that shares a name server
// with the zone above, so NewZone makes sets until one shares none.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/white-label-name-servers.html
//
//	apex, err := dns.NewZone(ctx, "apex", &dns.ZoneArgs{Name: "acme-master-apex", Domain: "acme.example"})
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// A later version may add resources to a component. Go names may change until version 1.
package dns
