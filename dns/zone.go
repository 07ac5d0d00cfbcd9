package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ZoneType is the component's type token.
const ZoneType = "coldstart:dns:Zone"

// maxSets is how many delegation sets are tried for a zone. One in 128 sets shares a
// name server with the parent zone's, so a second one is rare and a third one is
// never seen. An account may have 100 sets.
const maxSets = 20

// ZoneArgs are the arguments of NewZone.
type ZoneArgs struct {
	// Name is <namespace>-<account>-<what>: the delegation set's reference,
	// which may have 128 characters with the 37 that the provider puts behind.
	Name string
	// Domain is the zone's name, without a final dot.
	Domain string
	// ParentNameServers are those of the zone above, which the zone may have none
	// of; nil if they aren't known.
	ParentNameServers pulumi.StringArrayInput
	// Existing is the zone that AWS has already; the zero value if there is none. The zone
	// stays on its name servers whatever the zone above has: another set would replace the
	// zone, and its records would be lost.
	Existing Existing
	Tags     pulumi.StringMapInput
}

// Existing is a public hosted zone that AWS has.
type Existing struct {
	ID          string
	NameServers []string
	// Adopted says that somebody else has made the zone, and that it isn't on a delegation
	// set of coldstart's. Comment, tags and records of such a zone are left alone, and
	// nothing deletes it.
	Adopted bool
}

// Comment is what a zone that NewZone creates has as its comment.
const Comment = "Managed by coldstart"

// options are the options with which a zone is declared that AWS has.
func (e Existing) options() []pulumi.ResourceOption {
	if !e.Adopted {
		return nil
	}
	return []pulumi.ResourceOption{
		pulumi.Import(pulumi.ID(e.ID)), pulumi.RetainOnDelete(true),
		pulumi.IgnoreChanges([]string{"comment", "delegationSetId", "forceDestroy", "tags", "tagsAll"}),
	}
}

// Zone is a public hosted zone on name servers of its own.
type Zone struct {
	pulumi.ResourceState

	ID          pulumi.StringOutput
	NameServers pulumi.StringArrayOutput
}

// NewZone declares a public hosted zone: one on a delegation set of its own, or one that
// AWS has already, which stays as it is. Two zones of one name are never made.
func NewZone(ctx *pulumi.Context, name string, args *ZoneArgs, opts ...pulumi.ResourceOption) (*Zone, error) {
	z := &Zone{}
	if err := ctx.RegisterComponentResource(ZoneType, name, z, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	declared := &route53.ZoneArgs{Name: pulumi.String(args.Domain), Comment: pulumi.String(Comment), Tags: args.Tags}
	if args.Existing.Adopted {
		z.NameServers = pulumi.ToStringArray(args.Existing.NameServers).ToStringArrayOutput()
	} else {
		set, err := newSet(ctx, name, args, 1, z)
		if err != nil {
			return nil, err
		}
		declared.DelegationSetId = set.ApplyT(func(v []any) string { return v[setID].(string) }).(pulumi.StringOutput)
		z.NameServers = set.ApplyT(func(v []any) []string { return v[setServers].([]string) }).(pulumi.StringArrayOutput)
	}
	zone, err := route53.NewZone(ctx, name, declared, append(args.Existing.options(), pulumi.Parent(z))...)
	if err != nil {
		return nil, err
	}
	z.ID = zone.ZoneId
	return z, ctx.RegisterResourceOutputs(z, pulumi.Map{"id": z.ID, "nameServers": z.NameServers})
}

// What an output of newSet holds.
const (
	setID = iota
	setServers
	setParentServers
)

// newSet declares the n-th delegation set of a zone, and returns the id and the name
// servers of the first from there on that shares none with the parent zone: Route 53
// refuses a zone on any other. The name servers are known when the set is made, so
// the next set is declared then, and again by every later run, since a set in the
// state stays as it is.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html
func newSet(ctx *pulumi.Context, name string, args *ZoneArgs, n int, z *Zone) (pulumi.ArrayOutput, error) {
	set, err := route53.NewDelegationSet(ctx, setName(name, n), &route53.DelegationSetArgs{
		ReferenceName: pulumi.String(setName(args.Name, n)),
		// The name counts when the set is made, and the provider doesn't read it
		// back: a set that was found again would be replaced for the lack of it.
	}, pulumi.Parent(z), pulumi.IgnoreChanges([]string{"referenceName"}))
	if err != nil {
		return pulumi.ArrayOutput{}, err
	}
	if args.ParentNameServers == nil {
		return pulumi.All(set.ID().ToStringOutput(), set.NameServers), nil
	}
	drawn := pulumi.All(set.ID().ToStringOutput(), set.NameServers, args.ParentNameServers)
	return drawn.ApplyT(func(v []any) (pulumi.ArrayOutput, error) {
		own, parent := v[setServers].([]string), v[setParentServers].([]string)
		switch {
		case !conflict(own, parent), sameHosts(own, args.Existing.NameServers):
			return drawn, nil
		case n == maxSets:
			return drawn, fmt.Errorf("each of %d delegation sets shares a name server with the zone above %s: delete sets that no zone is on (`aws route53 list-reusable-delegation-sets`) and run again",
				n, args.Domain)
		}
		return newSet(ctx, name, args, n+1, z)
	}).(pulumi.ArrayOutput), nil
}

func setName(name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, n)
}

// sameHosts reports whether two lists have the same name servers, in any order.
func sameHosts(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(server string) bool {
		return !slices.ContainsFunc(b, func(other string) bool { return sameHost(other, server) })
	})
}

// conflict reports whether two zones, one below the other, can't be on these name
// servers. Zones that share all four aren't on AWS, where that doesn't happen by
// chance, but on an emulator that has no others.
func conflict(own, parent []string) bool {
	shared := 0
	for _, server := range own {
		if slices.ContainsFunc(parent, func(p string) bool { return sameHost(p, server) }) {
			shared++
		}
	}
	return shared > 0 && shared < len(own)
}

func sameHost(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
