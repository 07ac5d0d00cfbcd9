package dns

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// DelegationType and LocalType are the components' type tokens.
const (
	DelegationType = "coldstart:dns:Delegation"
	LocalType      = "coldstart:dns:Local"
)

// ttl is the TTL of this package's records, in seconds.
const ttl = 300

// DelegationArgs are the arguments of NewDelegation.
type DelegationArgs struct {
	// ApexZoneID is the id of the zone that gets the NS record.
	ApexZoneID pulumi.StringInput `required:"true"`
	// Domain is the delegated zone's name, without a final dot.
	Domain      string                  `required:"true"`
	NameServers pulumi.StringArrayInput `required:"true"`
}

// Delegation is the NS record in the apex zone that delegates a name to the account's zone.
type Delegation struct {
	pulumi.ResourceState
}

// NewDelegation declares the delegation of a zone.
func NewDelegation(ctx *pulumi.Context, name string, args *DelegationArgs, opts ...pulumi.ResourceOption) (*Delegation, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	d := &Delegation{}
	if err := ctx.RegisterComponentResource(DelegationType, name, d, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	if err := newRecord(ctx, name, args.ApexZoneID, args.Domain, "NS", args.NameServers, d); err != nil {
		return nil, err
	}
	return d, ctx.RegisterResourceOutputs(d, pulumi.Map{})
}

// LocalArgs are the arguments of NewLocal.
type LocalArgs struct {
	ApexZoneID pulumi.StringInput `required:"true"`
	// Domain is the apex zone's name, without a final dot.
	Domain string `required:"true"`
}

// Local are the records local.<domain> and *.local.<domain> with the address 127.0.0.1, so that
// software on a workstation has a name in the organization's domain.
type Local struct {
	pulumi.ResourceState
}

// NewLocal declares the records local.<domain> and *.local.<domain>.
func NewLocal(ctx *pulumi.Context, name string, args *LocalArgs, opts ...pulumi.ResourceOption) (*Local, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	l := &Local{}
	if err := ctx.RegisterComponentResource(LocalType, name, l, opts...); err != nil {
		return nil, err
	}
	loopback := pulumi.ToStringArray([]string{"127.0.0.1"})
	for record, domain := range map[string]string{name: "local." + args.Domain, name + "-wildcard": "*.local." + args.Domain} {
		if err := newRecord(ctx, record, args.ApexZoneID, domain, "A", loopback, l); err != nil {
			return nil, err
		}
	}
	return l, ctx.RegisterResourceOutputs(l, pulumi.Map{})
}

func newRecord(ctx *pulumi.Context, name string, zone pulumi.StringInput, domain, kind string, values pulumi.StringArrayInput, parent pulumi.Resource) error {
	_, err := route53.NewRecord(ctx, name, &route53.RecordArgs{
		ZoneId:  zone,
		Name:    pulumi.String(domain),
		Type:    pulumi.String(kind),
		Ttl:     pulumi.Int(ttl),
		Records: values,
	}, pulumi.Parent(parent))
	return err
}
