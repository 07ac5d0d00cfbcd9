package defaultvpcs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// decide says what a VPC holds, and what is removed with it. What AWS makes with a default VPC doesn't count; all else does.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html#default-vpc-components
func (c *contents) decide(region string) VPC {
	v := VPC{Region: region, ID: c.id()}
	c.ofVPC(&v)
	c.ofSubnets(&v)
	c.ofRoutes(&v)
	c.ofGateways(&v)
	for _, i := range c.interfaces {
		v.holds("network interface", i.NetworkInterfaceId)
	}
	for _, g := range c.groups {
		if aws.ToString(g.GroupName) != "default" {
			v.holds("security group", g.GroupId)
		}
	}
	for _, a := range c.acls {
		if !aws.ToBool(a.IsDefault) {
			v.holds("network ACL", a.NetworkAclId)
		}
	}
	for _, e := range c.endpoints {
		if !strings.EqualFold(string(e.State), string(types.StateDeleted)) { // EC2 writes states in small letters, too.
			v.holds("endpoint", e.VpcEndpointId)
		}
	}
	for _, p := range c.peerings {
		if c.peers(p) {
			v.holds("peering connection", p.VpcPeeringConnectionId)
		}
	}
	for _, f := range c.flowLogs {
		v.holds("flow log", f.FlowLogId)
	}
	return v
}

// holds notes a thing that the VPC holds.
func (v *VPC) holds(what string, id *string) {
	v.Holds = append(v.Holds, what+" "+aws.ToString(id))
}

// tagged notes the tags of a thing that AWS hasn't made.
func (v *VPC) tagged(what string, tags []types.Tag) {
	for _, tag := range tags {
		if key := aws.ToString(tag.Key); !strings.HasPrefix(key, "aws:") {
			v.Holds = append(v.Holds, "tag "+key+" on "+what)
		}
	}
}

// ofVPC looks at the VPC itself.
func (c *contents) ofVPC(v *VPC) {
	v.tagged("the VPC", c.vpc.Tags)
	for _, a := range c.vpc.CidrBlockAssociationSet {
		gone := a.CidrBlockState != nil && a.CidrBlockState.State == types.VpcCidrBlockStateCodeDisassociated
		if block := aws.ToString(a.CidrBlock); block != aws.ToString(c.vpc.CidrBlock) && !gone {
			v.holds("address range", &block)
		}
	}
	for _, a := range c.vpc.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState == nil || a.Ipv6CidrBlockState.State != types.VpcCidrBlockStateCodeDisassociated {
			v.holds("address range", a.Ipv6CidrBlock)
		}
	}
}

func (c *contents) ofSubnets(v *VPC) {
	for _, s := range c.subnets {
		v.tagged("subnet "+aws.ToString(s.SubnetId), s.Tags)
		if !aws.ToBool(s.DefaultForAz) {
			v.holds("subnet", s.SubnetId)
			continue
		}
		v.subnets = append(v.subnets, subnet{aws.ToString(s.SubnetId), aws.ToString(s.AvailabilityZone)})
	}
}

// ofRoutes looks at route tables. The main one has the VPC's own addresses, and the way to the Internet.
func (c *contents) ofRoutes(v *VPC) {
	for _, t := range c.tables {
		if !main(t) {
			v.holds("route table", t.RouteTableId)
			continue
		}
		v.main = aws.ToString(t.RouteTableId)
		for _, r := range t.Routes {
			if aws.ToString(r.GatewayId) == "local" || edge(r) {
				continue
			}
			to := aws.ToString(r.DestinationCidrBlock) + aws.ToString(r.DestinationIpv6CidrBlock) + aws.ToString(r.DestinationPrefixListId)
			v.holds("route to", &to)
		}
		for _, a := range t.Associations {
			if !aws.ToBool(a.Main) {
				id := aws.ToString(a.SubnetId) + aws.ToString(a.GatewayId)
				v.holds("association of the main route table with", &id)
			}
		}
	}
}

func (c *contents) ofGateways(v *VPC) {
	for _, g := range c.gateways {
		v.tagged("internet gateway "+aws.ToString(g.InternetGatewayId), g.Tags)
		v.gateways = append(v.gateways, gateway{aws.ToString(g.InternetGatewayId), len(g.Attachments) > 0})
	}
	for _, g := range c.egressOnly {
		if slices.ContainsFunc(g.Attachments, func(a types.InternetGatewayAttachment) bool { return aws.ToString(a.VpcId) == v.ID }) {
			v.holds("egress-only internet gateway", g.EgressOnlyInternetGatewayId)
		}
	}
	for _, g := range c.carriers {
		if g.State != types.CarrierGatewayStateDeleted {
			v.holds("carrier gateway", g.CarrierGatewayId)
		}
	}
	for _, g := range c.nats {
		if g.State != types.NatGatewayStateDeleted {
			v.holds("NAT gateway", g.NatGatewayId)
		}
	}
	for _, g := range c.vpns {
		if slices.ContainsFunc(g.VpcAttachments, func(a types.VpcAttachment) bool {
			return aws.ToString(a.VpcId) == v.ID && a.State != types.AttachmentStatusDetached
		}) {
			v.holds("virtual private gateway", g.VpnGatewayId)
		}
	}
}

// peers reports whether a peering connection is, or may become, one of the VPC's.
func (c *contents) peers(p types.VpcPeeringConnection) bool {
	ended := []types.VpcPeeringConnectionStateReasonCode{
		types.VpcPeeringConnectionStateReasonCodeDeleted, types.VpcPeeringConnectionStateReasonCodeRejected,
		types.VpcPeeringConnectionStateReasonCodeExpired, types.VpcPeeringConnectionStateReasonCodeFailed,
	}
	if p.Status != nil && slices.Contains(ended, p.Status.Code) {
		return false
	}
	of := func(end *types.VpcPeeringConnectionVpcInfo) bool {
		return end != nil && aws.ToString(end.VpcId) == c.id()
	}
	return of(p.RequesterVpcInfo) || of(p.AccepterVpcInfo)
}
