package defaultvpcs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// contents is what AWS says about a VPC.
type contents struct {
	vpc        types.Vpc
	interfaces []types.NetworkInterface
	subnets    []types.Subnet
	groups     []types.SecurityGroup
	tables     []types.RouteTable
	acls       []types.NetworkAcl
	gateways   []types.InternetGateway
	egressOnly []types.EgressOnlyInternetGateway
	carriers   []types.CarrierGateway
	nats       []types.NatGateway
	vpns       []types.VpnGateway
	endpoints  []types.VpcEndpoint
	peerings   []types.VpcPeeringConnection
	flowLogs   []types.FlowLog
}

// read reads all that a VPC can hold.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
func read(ctx context.Context, client *ec2.Client, vpc types.Vpc) (contents, error) {
	c := contents{vpc: vpc}
	for _, step := range []struct {
		what string
		read func(context.Context, *ec2.Client) error
	}{
		{"subnets", c.readSubnets},
		{"network interfaces", c.readInterfaces},
		{"security groups", c.readGroups},
		{"route tables", c.readTables},
		{"network ACLs", c.readACLs},
		{"internet gateways", c.readGateways},
		{"egress-only internet gateways", c.readEgressOnly},
		{"carrier gateways", c.readCarriers},
		{"NAT gateways", c.readNATs},
		{"virtual private gateways", c.readVPNs},
		{"endpoints", c.readEndpoints},
		{"peering connections", c.readPeerings},
		{"flow logs", c.readFlowLogs},
	} {
		if err := step.read(ctx, client); err != nil {
			return contents{}, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return c, nil
}

// pager is a paginator of the SDK.
type pager[T any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, options ...func(*ec2.Options)) (*T, error)
}

// all calls take with each page.
func all[T any](ctx context.Context, p pager[T], take func(*T)) error {
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		take(page)
	}
	return nil
}

// in filters by the VPC.
func (c *contents) in() []types.Filter { return []types.Filter{filter("vpc-id", c.id())} }

func (c *contents) id() string { return aws.ToString(c.vpc.VpcId) }

func (c *contents) readSubnets(ctx context.Context, client *ec2.Client) error {
	return all(ctx, ec2.NewDescribeSubnetsPaginator(client, &ec2.DescribeSubnetsInput{Filters: c.in()}), func(out *ec2.DescribeSubnetsOutput) {
		c.subnets = append(c.subnets, out.Subnets...)
	})
}

func (c *contents) readInterfaces(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeNetworkInterfacesPaginator(client, &ec2.DescribeNetworkInterfacesInput{Filters: c.in()})
	return all(ctx, p, func(out *ec2.DescribeNetworkInterfacesOutput) {
		c.interfaces = append(c.interfaces, out.NetworkInterfaces...)
	})
}

func (c *contents) readGroups(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeSecurityGroupsPaginator(client, &ec2.DescribeSecurityGroupsInput{Filters: c.in()})
	return all(ctx, p, func(out *ec2.DescribeSecurityGroupsOutput) { c.groups = append(c.groups, out.SecurityGroups...) })
}

func (c *contents) readTables(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeRouteTablesPaginator(client, &ec2.DescribeRouteTablesInput{Filters: c.in()})
	return all(ctx, p, func(out *ec2.DescribeRouteTablesOutput) { c.tables = append(c.tables, out.RouteTables...) })
}

func (c *contents) readACLs(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeNetworkAclsPaginator(client, &ec2.DescribeNetworkAclsInput{Filters: c.in()})
	return all(ctx, p, func(out *ec2.DescribeNetworkAclsOutput) { c.acls = append(c.acls, out.NetworkAcls...) })
}

// readGateways reads the internet gateways that are attached, and the one that an interrupted removal has detached: the main route
// table still has a route to it.
func (c *contents) readGateways(ctx context.Context, client *ec2.Client) error {
	attached := []types.Filter{filter("attachment.vpc-id", c.id())}
	p := ec2.NewDescribeInternetGatewaysPaginator(client, &ec2.DescribeInternetGatewaysInput{Filters: attached})
	err := all(ctx, p, func(out *ec2.DescribeInternetGatewaysOutput) {
		c.gateways = append(c.gateways, out.InternetGateways...)
	})
	id := c.routed()
	if err != nil || id == "" || slices.ContainsFunc(c.gateways, func(g types.InternetGateway) bool { return aws.ToString(g.InternetGatewayId) == id }) {
		return err
	}
	detached := []types.Filter{filter("internet-gateway-id", id)}
	p = ec2.NewDescribeInternetGatewaysPaginator(client, &ec2.DescribeInternetGatewaysInput{Filters: detached})
	return all(ctx, p, func(out *ec2.DescribeInternetGatewaysOutput) {
		for _, g := range out.InternetGateways {
			if len(g.Attachments) == 0 { // It may be in another VPC by now.
				c.gateways = append(c.gateways, g)
			}
		}
	})
}

// readEgressOnly reads all egress-only gateways of the region, since EC2 has no filter for a VPC's.
func (c *contents) readEgressOnly(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(client, &ec2.DescribeEgressOnlyInternetGatewaysInput{})
	return all(ctx, p, func(out *ec2.DescribeEgressOnlyInternetGatewaysOutput) {
		c.egressOnly = append(c.egressOnly, out.EgressOnlyInternetGateways...)
	})
}

func (c *contents) readCarriers(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeCarrierGatewaysPaginator(client, &ec2.DescribeCarrierGatewaysInput{Filters: c.in()})
	return all(ctx, p, func(out *ec2.DescribeCarrierGatewaysOutput) { c.carriers = append(c.carriers, out.CarrierGateways...) })
}

func (c *contents) readNATs(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeNatGatewaysPaginator(client, &ec2.DescribeNatGatewaysInput{Filter: c.in()})
	return all(ctx, p, func(out *ec2.DescribeNatGatewaysOutput) { c.nats = append(c.nats, out.NatGateways...) })
}

func (c *contents) readVPNs(ctx context.Context, client *ec2.Client) error {
	out, err := client.DescribeVpnGateways(ctx, &ec2.DescribeVpnGatewaysInput{Filters: []types.Filter{filter("attachment.vpc-id", c.id())}})
	if err == nil {
		c.vpns = out.VpnGateways
	}
	return err
}

func (c *contents) readEndpoints(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeVpcEndpointsPaginator(client, &ec2.DescribeVpcEndpointsInput{Filters: c.in()})
	return all(ctx, p, func(out *ec2.DescribeVpcEndpointsOutput) { c.endpoints = append(c.endpoints, out.VpcEndpoints...) })
}

// readPeerings reads all peering connections of the region: a filter is for either end, and both count.
func (c *contents) readPeerings(ctx context.Context, client *ec2.Client) error {
	p := ec2.NewDescribeVpcPeeringConnectionsPaginator(client, &ec2.DescribeVpcPeeringConnectionsInput{})
	return all(ctx, p, func(out *ec2.DescribeVpcPeeringConnectionsOutput) {
		c.peerings = append(c.peerings, out.VpcPeeringConnections...)
	})
}

func (c *contents) readFlowLogs(ctx context.Context, client *ec2.Client) error {
	ids := []string{c.id()}
	for _, s := range c.subnets {
		ids = append(ids, aws.ToString(s.SubnetId))
	}
	p := ec2.NewDescribeFlowLogsPaginator(client, &ec2.DescribeFlowLogsInput{Filter: []types.Filter{filter("resource-id", ids...)}})
	return all(ctx, p, func(out *ec2.DescribeFlowLogsOutput) { c.flowLogs = append(c.flowLogs, out.FlowLogs...) })
}

// routed returns the id of the internet gateway that the main route table's default route goes to; empty if there is none.
func (c *contents) routed() string {
	for _, t := range c.tables {
		for _, r := range t.Routes {
			if main(t) && edge(r) {
				return aws.ToString(r.GatewayId)
			}
		}
	}
	return ""
}

// main reports whether a route table is a VPC's main one.
func main(t types.RouteTable) bool {
	return slices.ContainsFunc(t.Associations, func(a types.RouteTableAssociation) bool { return aws.ToBool(a.Main) })
}

// edge reports whether a route is the one to the Internet that AWS makes with a default VPC.
func edge(r types.Route) bool {
	return aws.ToString(r.DestinationCidrBlock) == anywhere && strings.HasPrefix(aws.ToString(r.GatewayId), "igw-")
}

const anywhere = "0.0.0.0/0"
