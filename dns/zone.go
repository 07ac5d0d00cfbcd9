package dns

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ZoneType is the component's type token.
const ZoneType = "coldstart:dns:Zone"

// ZoneArgs are the arguments of NewZone.
type ZoneArgs struct {
	// Name is <namespace>-<account>-<what>: the delegation set's reference,
	// which may have 128 characters with the 37 that the provider puts behind.
	Name string
	// Domain is the zone's name, without a final dot.
	Domain string
	Tags   pulumi.StringMapInput
}

// Zone is a public hosted zone on name servers of its own.
type Zone struct {
	pulumi.ResourceState

	ID          pulumi.StringOutput
	NameServers pulumi.StringArrayOutput
}

// NewZone declares a public hosted zone.
func NewZone(ctx *pulumi.Context, name string, args *ZoneArgs, opts ...pulumi.ResourceOption) (*Zone, error) {
	z := &Zone{}
	if err := ctx.RegisterComponentResource(ZoneType, name, z, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	set, err := route53.NewDelegationSet(ctx, name, &route53.DelegationSetArgs{
		ReferenceName: pulumi.String(args.Name),
		// The name counts when the set is made, and the provider doesn't read it
		// back: a set that was found again would be replaced for the lack of it.
	}, pulumi.Parent(z), pulumi.IgnoreChanges([]string{"referenceName"}))
	if err != nil {
		return nil, err
	}
	zone, err := route53.NewZone(ctx, name, &route53.ZoneArgs{
		Name:            pulumi.String(args.Domain),
		Comment:         pulumi.String("Managed by coldstart"),
		DelegationSetId: set.ID(),
		Tags:            args.Tags,
	}, pulumi.Parent(z))
	if err != nil {
		return nil, err
	}
	z.ID, z.NameServers = zone.ZoneId, set.NameServers
	return z, ctx.RegisterResourceOutputs(z, pulumi.Map{"id": z.ID, "nameServers": z.NameServers})
}
