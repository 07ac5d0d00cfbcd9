package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// ZoneType is the component's type token.
const ZoneType = "coldstart:dns:Zone"

// maxSets is how many delegation sets newSet tries for a zone. One in 128 sets shares a name server
// with the parent zone, so a second set is rare, and nobody will see a third. An account may have
// 100 sets.
const maxSets = 20

// ZoneArgs are the arguments of NewZone.
type ZoneArgs struct {
	// Name is <namespace>-<account>-<what>. It is the delegation set's reference, which may have
	// 128 characters; the provider appends 37.
	Name string `required:"true"`
	// Domain is the zone's name, without a final dot.
	Domain string `required:"true"`
	// ParentNameServers are the name servers of the parent zone. The zone may use none of them. Nil
	// means that they aren't known.
	ParentNameServers pulumi.StringArrayInput
	// Existing is the zone that AWS has already; the zero value means that there is none. An
	// existing zone keeps its name servers, even if the parent zone uses one of them: another
	// delegation set would replace the zone, and the zone's records would be lost.
	Existing Existing
	Tags     pulumi.StringMapInput
}

// Existing is a public hosted zone that AWS has.
type Existing struct {
	ID          string
	NameServers []string
	// Adopted says that somebody else has created the zone, and that the zone isn't on a delegation
	// set of coldstart's. coldstart doesn't change the comment, tags and records of such a zone,
	// and never deletes it.
	Adopted bool
}

// Comment is the comment of a zone that NewZone creates.
const Comment = "Managed by coldstart"

// options are the options for declaring a zone that AWS has already.
func (e Existing) options() []pulumi.ResourceOption {
	if !e.Adopted {
		return nil
	}
	return []pulumi.ResourceOption{
		pulumi.Import(pulumi.ID(e.ID)), pulumi.RetainOnDelete(true),
		pulumi.IgnoreChanges([]string{"comment", "delegationSetId", "forceDestroy", "tags", "tagsAll"}),
	}
}

// Zone is a public hosted zone that shares no name server with its parent zone.
type Zone struct {
	pulumi.ResourceState

	ID          pulumi.StringOutput
	NameServers pulumi.StringArrayOutput
}

// NewZone declares a public hosted zone. It creates the zone on a delegation set of the zone's own.
// If AWS has the zone already, NewZone takes that zone over unchanged, and never creates a second
// zone of the name.
func NewZone(ctx *pulumi.Context, name string, args *ZoneArgs, opts ...pulumi.ResourceOption) (*Zone, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
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

// The places of the values in newSet's output.
const (
	setID = iota
	setServers
	setParentServers
)

// newSet declares the n-th delegation set of a zone. If that set shares a name server with the
// parent zone, newSet declares the next one, because Route 53 refuses the zone on such a set. It
// returns the id and the name servers of the set that fits. A set's name servers are known only
// when AWS has created the set, so newSet declares the next set inside an Apply. Later runs declare
// the same sets again, since a set in the state doesn't change.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html
func newSet(ctx *pulumi.Context, name string, args *ZoneArgs, n int, z *Zone) (pulumi.ArrayOutput, error) {
	set, err := route53.NewDelegationSet(ctx, setName(name, n), &route53.DelegationSetArgs{
		ReferenceName: pulumi.String(setName(args.Name, n)),
		// The provider uses the name when it creates the set, and doesn't read it back. Without
		// IgnoreChanges, Pulumi would replace an imported set, because it lacks the name.
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

// conflict reports whether a zone can't be on these name servers because its parent zone is. Two
// zones that share all four name servers don't conflict: on AWS that doesn't happen by chance, and
// an emulator may have no other name servers.
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
