package limits

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// vpcs refuses to delete a VPC or a subnet that something is in, and to detach an internet gateway that an address is mapped through.
// The emulator refuses a VPC with subnets, route tables or virtual private gateways only, and deletes the rest with it or forgets it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
// https://repost.aws/knowledge-center/troubleshoot-dependency-error-delete-vpc
type vpcs struct{ w *world }

func (vpcs) Name() string { return "VPC in use" }

func (r vpcs) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service != "ec2" {
		return next(c)
	}
	message := ""
	switch vpc, subnet := c.Form.Get("VpcId"), c.Form.Get("SubnetId"); {
	case c.Action == "DeleteVpc" && r.used(c, inVPC, vpc):
		message = fmt.Sprintf("The vpc '%s' has dependencies and cannot be deleted.", vpc)
	case c.Action == "DeleteSubnet" && r.used(c, inSubnet, subnet):
		message = fmt.Sprintf("The subnet '%s' has dependencies and cannot be deleted.", subnet)
	case c.Action == "DetachInternetGateway" && r.used(c, throughGateway, vpc):
		message = fmt.Sprintf("Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", vpc)
	}
	if message == "" {
		return next(c)
	}
	return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "DependencyViolation", Message: message})
}

// dependency is a kind of thing that keeps another from being deleted.
type dependency struct {
	// action lists such things, filtered by filter; an empty one lists all.
	action, filter string
	// counts reports whether a thing keeps the other, by its id; nil for all do.
	counts func(thing, string) bool
}

// thing is an element of an answer of EC2's, with what tells one that counts.
type thing struct {
	GroupName string `xml:"groupName"`
	Default   bool   `xml:"default"`
	// State is a gateway's or an endpoint's, Status a peering connection's.
	State     string   `xml:"state"`
	Status    string   `xml:"status>code"`
	Requester string   `xml:"requesterVpcInfo>vpcId"`
	Accepter  string   `xml:"accepterVpcInfo>vpcId"`
	PublicIP  string   `xml:"association>publicIp"`
	Attached  []string `xml:"attachmentSet>item>vpcId"`
}

func (t thing) there(string) bool { return t.State != "deleted" }

func (t thing) attached(vpc string) bool { return slices.Contains(t.Attached, vpc) }

func (t thing) peers(vpc string) bool {
	ended := []string{"deleted", "rejected", "expired", "failed"}
	return (t.Requester == vpc || t.Accepter == vpc) && !slices.Contains(ended, t.Status)
}

var (
	inVPC = []dependency{
		{"DescribeInternetGateways", "attachment.vpc-id", nil},
		{"DescribeNetworkInterfaces", "vpc-id", nil},
		{"DescribeSecurityGroups", "vpc-id", func(t thing, _ string) bool { return t.GroupName != "default" }},
		{"DescribeNetworkAcls", "vpc-id", func(t thing, _ string) bool { return !t.Default }},
		{"DescribeNatGateways", "vpc-id", thing.there},
		{"DescribeVpcEndpoints", "vpc-id", thing.there},
		{"DescribeCarrierGateways", "vpc-id", thing.there},
		{"DescribeEgressOnlyInternetGateways", "", thing.attached},
		{"DescribeVpcPeeringConnections", "", thing.peers},
	}
	inSubnet = []dependency{
		{"DescribeNetworkInterfaces", "subnet-id", nil},
		{"DescribeNatGateways", "subnet-id", thing.there},
	}
	throughGateway = []dependency{
		{"DescribeNetworkInterfaces", "vpc-id", func(t thing, _ string) bool { return t.PublicIP != "" }},
	}
)

// used reports whether a VPC or a subnet has one of the dependencies. What the emulator can't list, it doesn't have.
func (r vpcs) used(c *proxy.Call, kinds []dependency, id string) bool {
	return slices.ContainsFunc(kinds, func(d dependency) bool {
		form := url.Values{"Action": {d.action}, "Version": {"2016-11-15"}}
		if d.filter != "" {
			form.Set("Filter.1.Name", d.filter)
			form.Set("Filter.1.Value.1", id)
		}
		var out struct {
			Sets []struct {
				Things []thing `xml:"item"`
			} `xml:",any"`
		}
		if r.w.AskQueryIn(c.Context(), c.Caller.Account, c.Region, c.Service, form, &out) != nil {
			return false
		}
		for _, set := range out.Sets {
			for _, t := range set.Things {
				if d.counts == nil || d.counts(t, id) {
					return true
				}
			}
		}
		return false
	})
}
