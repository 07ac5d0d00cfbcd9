package defaultvpcs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// pristine is a default VPC as AWS makes it, with two default subnets.
func pristine() contents {
	vpc := aws.String("vpc-1")
	return contents{
		vpc: types.Vpc{
			VpcId: vpc, CidrBlock: aws.String("172.31.0.0/16"), IsDefault: aws.Bool(true), Tags: []types.Tag{{Key: aws.String("aws:made-by")}},
			CidrBlockAssociationSet: []types.VpcCidrBlockAssociation{{CidrBlock: aws.String("172.31.0.0/16")}},
		},
		subnets: []types.Subnet{
			{SubnetId: aws.String("subnet-1"), AvailabilityZone: aws.String("eu-west-1a"), DefaultForAz: aws.Bool(true)},
			{SubnetId: aws.String("subnet-2"), AvailabilityZone: aws.String("eu-west-1b"), DefaultForAz: aws.Bool(true)},
		},
		groups: []types.SecurityGroup{{GroupId: aws.String("sg-1"), GroupName: aws.String("default")}},
		tables: []types.RouteTable{{
			RouteTableId: aws.String("rtb-1"), Associations: []types.RouteTableAssociation{{Main: aws.Bool(true)}},
			Routes: []types.Route{
				{DestinationCidrBlock: aws.String("172.31.0.0/16"), GatewayId: aws.String("local")},
				{DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: aws.String("igw-1")},
			},
		}},
		acls:     []types.NetworkAcl{{NetworkAclId: aws.String("acl-1"), IsDefault: aws.Bool(true)}},
		gateways: []types.InternetGateway{{InternetGatewayId: aws.String("igw-1"), Attachments: []types.InternetGatewayAttachment{{VpcId: vpc}}}},
	}
}

func TestPristine(t *testing.T) {
	t.Parallel()
	c := pristine()
	got := c.decide("eu-west-1")
	want := VPC{
		Region: "eu-west-1", ID: "vpc-1", main: "rtb-1", gateways: []gateway{{"igw-1", true}},
		subnets: []subnet{{"subnet-1", "eu-west-1a"}, {"subnet-2", "eu-west-1b"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(VPC{}, gateway{}, subnet{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestHolds adds one thing at a time to a default VPC.
func TestHolds(t *testing.T) {
	t.Parallel()
	id, other := aws.String("vpc-1"), aws.String("vpc-2")
	tags := []types.Tag{{Key: aws.String("Name"), Value: aws.String("ours")}}
	route := func(r types.Route) func(*contents) {
		return func(c *contents) { c.tables[0].Routes = append(c.tables[0].Routes, r) }
	}
	peering := func(requester, accepter *string, code types.VpcPeeringConnectionStateReasonCode) func(*contents) {
		return func(c *contents) {
			c.peerings = []types.VpcPeeringConnection{{
				VpcPeeringConnectionId: aws.String("pcx-1"), Status: &types.VpcPeeringConnectionStateReason{Code: code},
				RequesterVpcInfo: &types.VpcPeeringConnectionVpcInfo{VpcId: requester}, AccepterVpcInfo: &types.VpcPeeringConnectionVpcInfo{VpcId: accepter},
			}}
		}
	}
	for name, c := range map[string]struct {
		change func(*contents)
		holds  string // empty for nothing
	}{
		"an interface": {func(c *contents) { c.interfaces = []types.NetworkInterface{{NetworkInterfaceId: aws.String("eni-1")}} }, "network interface eni-1"},
		"a security group": {func(c *contents) {
			c.groups = append(c.groups, types.SecurityGroup{GroupId: aws.String("sg-2"), GroupName: aws.String("web")})
		}, "security group sg-2"},
		"a route table": {func(c *contents) { c.tables = append(c.tables, types.RouteTable{RouteTableId: aws.String("rtb-2")}) }, "route table rtb-2"},
		"a subnet": {func(c *contents) {
			c.subnets = append(c.subnets, types.Subnet{SubnetId: aws.String("subnet-3"), DefaultForAz: aws.Bool(false)})
		}, "subnet subnet-3"},
		"a network ACL": {func(c *contents) { c.acls = append(c.acls, types.NetworkAcl{NetworkAclId: aws.String("acl-2")}) }, "network ACL acl-2"},
		"an endpoint": {func(c *contents) {
			c.endpoints = []types.VpcEndpoint{{VpcEndpointId: aws.String("vpce-1"), State: "available"}}
		}, "endpoint vpce-1"},
		"a deleted endpoint": {func(c *contents) {
			c.endpoints = []types.VpcEndpoint{{VpcEndpointId: aws.String("vpce-1"), State: "deleted"}}
		}, ""},
		"a NAT gateway": {func(c *contents) {
			c.nats = []types.NatGateway{{NatGatewayId: aws.String("nat-1"), State: types.NatGatewayStateDeleting}}
		}, "NAT gateway nat-1"},
		"a deleted NAT gateway":  {func(c *contents) { c.nats = []types.NatGateway{{State: types.NatGatewayStateDeleted}} }, ""},
		"a carrier gateway":      {func(c *contents) { c.carriers = []types.CarrierGateway{{CarrierGatewayId: aws.String("cagw-1")}} }, "carrier gateway cagw-1"},
		"a flow log":             {func(c *contents) { c.flowLogs = []types.FlowLog{{FlowLogId: aws.String("fl-1")}} }, "flow log fl-1"},
		"a tag":                  {func(c *contents) { c.vpc.Tags = tags }, "tag Name on the VPC"},
		"a subnet's tag":         {func(c *contents) { c.subnets[1].Tags = tags }, "tag Name on subnet subnet-2"},
		"a gateway's tag":        {func(c *contents) { c.gateways[0].Tags = tags }, "tag Name on internet gateway igw-1"},
		"a route":                {route(types.Route{DestinationCidrBlock: aws.String("10.0.0.0/8"), TransitGatewayId: aws.String("tgw-1")}), "route to 10.0.0.0/8"},
		"a prefix list":          {route(types.Route{DestinationPrefixListId: aws.String("pl-1"), GatewayId: aws.String("vpce-1")}), "route to pl-1"},
		"a default route to NAT": {route(types.Route{DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: aws.String("nat-1")}), "route to 0.0.0.0/0"},
		"a requested peering":    {peering(other, id, types.VpcPeeringConnectionStateReasonCodePendingAcceptance), "peering connection pcx-1"},
		"a peering":              {peering(id, other, types.VpcPeeringConnectionStateReasonCodeActive), "peering connection pcx-1"},
		"a deleted peering":      {peering(id, other, types.VpcPeeringConnectionStateReasonCodeDeleted), ""},
		"a peering of another":   {peering(other, other, types.VpcPeeringConnectionStateReasonCodeActive), ""},
		"no gateway":             {func(c *contents) { c.gateways = nil }, ""},
		"no subnets, no gateway": {func(c *contents) { c.gateways, c.subnets = nil, nil }, ""},
		"a second address range": {func(c *contents) {
			c.vpc.CidrBlockAssociationSet = append(c.vpc.CidrBlockAssociationSet, types.VpcCidrBlockAssociation{CidrBlock: aws.String("10.0.0.0/16")})
		}, "address range 10.0.0.0/16"},
		"IPv6": {func(c *contents) {
			c.vpc.Ipv6CidrBlockAssociationSet = []types.VpcIpv6CidrBlockAssociation{{Ipv6CidrBlock: aws.String("2001:db8::/56")}}
		}, "address range 2001:db8::/56"},
		"an egress-only gateway": {func(c *contents) {
			c.egressOnly = []types.EgressOnlyInternetGateway{{EgressOnlyInternetGatewayId: aws.String("eigw-1"), Attachments: []types.InternetGatewayAttachment{{VpcId: id}}}}
		}, "egress-only internet gateway eigw-1"},
		"another's egress-only gateway": {func(c *contents) {
			c.egressOnly = []types.EgressOnlyInternetGateway{{Attachments: []types.InternetGatewayAttachment{{VpcId: other}}}}
		}, ""},
		"a virtual private gateway": {func(c *contents) {
			c.vpns = []types.VpnGateway{{VpnGatewayId: aws.String("vgw-1"), VpcAttachments: []types.VpcAttachment{{VpcId: id, State: types.AttachmentStatusDetaching}}}}
		}, "virtual private gateway vgw-1"},
		"a detached virtual private gateway": {func(c *contents) {
			c.vpns = []types.VpnGateway{{VpcAttachments: []types.VpcAttachment{{VpcId: id, State: types.AttachmentStatusDetached}}}}
		}, ""},
		"an association of the main table": {func(c *contents) {
			c.tables[0].Associations = append(c.tables[0].Associations, types.RouteTableAssociation{SubnetId: aws.String("subnet-1")})
		}, "association of the main route table with subnet-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			with := pristine()
			c.change(&with)
			var want []string
			if c.holds != "" {
				want = []string{c.holds}
			}
			if diff := cmp.Diff(want, with.decide("eu-west-1").Holds); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
