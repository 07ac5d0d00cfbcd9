package limits

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// vpcs refuses to delete a VPC or a subnet that something is in, and to detach an internet gateway that an address is mapped through.
// The emulator refuses a VPC with subnets, route tables or virtual private gateways only, and deletes the rest with it or forgets it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
// https://repost.aws/knowledge-center/troubleshoot-dependency-error-delete-vpc
//
// In a region of an account in which nobody has created anything, the rule asks the emulator for the internet gateway only. A rehearsal
// deletes hundreds of such VPCs.
type vpcs struct {
	w *world

	mu   sync.RWMutex
	used map[string]bool // by account and region
}

func newVPCs(w *world) *vpcs { return &vpcs{w: w, used: map[string]bool{}} }

func (*vpcs) Name() string { return "VPC in use" }

// fillsVPC matches the actions by which something comes into a VPC. Four other services of the emulator
// create network interfaces.
var fillsVPC = regexp.MustCompile(`^(ec2:(Accept|Allocate|Assign|Associate|Attach|Create|Import|Request|Run)|(ds|ecs|elasticfilesystem|route53resolver):)`)

func (r *vpcs) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if fillsVPC.MatchString(c.String()) {
		r.mu.Lock()
		r.used[c.Caller.Account+" "+c.Region] = true
		r.mu.Unlock()
		return next(c)
	}
	if c.Service != "ec2" {
		return next(c)
	}
	message := ""
	switch vpc, subnet := c.Form.Get("VpcId"), c.Form.Get("SubnetId"); {
	case c.Action == "DeleteVpc" && r.any(c, inVPC, vpc):
		message = fmt.Sprintf("The vpc '%s' has dependencies and cannot be deleted.", vpc)
	case c.Action == "DeleteSubnet" && r.any(c, inSubnet, subnet):
		message = fmt.Sprintf("The subnet '%s' has dependencies and cannot be deleted.", subnet)
	case c.Action == "DetachInternetGateway" && r.any(c, throughGateway, vpc):
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
	// made says that AWS makes such a thing with a default VPC.
	made bool
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
		{action: "DescribeInternetGateways", filter: "attachment.vpc-id", made: true},
		{action: "DescribeNetworkInterfaces", filter: "vpc-id"},
		{action: "DescribeSecurityGroups", filter: "vpc-id", counts: func(t thing, _ string) bool { return t.GroupName != "default" }},
		{action: "DescribeNetworkAcls", filter: "vpc-id", counts: func(t thing, _ string) bool { return !t.Default }},
		{action: "DescribeNatGateways", filter: "vpc-id", counts: thing.there},
		{action: "DescribeVpcEndpoints", filter: "vpc-id", counts: thing.there},
		{action: "DescribeCarrierGateways", filter: "vpc-id", counts: thing.there},
		{action: "DescribeEgressOnlyInternetGateways", filter: "", counts: thing.attached},
		{action: "DescribeVpcPeeringConnections", filter: "", counts: thing.peers},
	}
	inSubnet = []dependency{
		{action: "DescribeNetworkInterfaces", filter: "subnet-id"},
		{action: "DescribeNatGateways", filter: "subnet-id", counts: thing.there},
	}
	throughGateway = []dependency{
		{action: "DescribeNetworkInterfaces", filter: "vpc-id", counts: func(t thing, _ string) bool { return t.PublicIP != "" }},
	}
)

// any reports whether a VPC or a subnet has one of the dependencies. What the emulator can't list, it doesn't have.
func (r *vpcs) any(c *proxy.Call, kinds []dependency, id string) bool {
	r.mu.RLock()
	used := r.used[c.Caller.Account+" "+c.Region]
	r.mu.RUnlock()
	return slices.ContainsFunc(kinds, func(d dependency) bool {
		if !used && !d.made {
			return false
		}
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
