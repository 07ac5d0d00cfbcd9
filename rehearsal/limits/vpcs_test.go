package limits_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// network is an emulator that answers the given actions with the given sets of things, others with nothing, and refuses nothing.
func network(has map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		action := r.PostFormValue("Action")
		body := "<return>true</return>"
		if strings.HasPrefix(action, "Describe") {
			body = "<set>" + has[action] + "</set>"
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, "<%[1]sResponse>%[2]s</%[1]sResponse>", action, body)
	}
}

// TestVPCsInUse deletes a VPC and a subnet, and detaches a gateway, while something is in them.
func TestVPCsInUse(t *testing.T) {
	t.Parallel()
	const (
		vpc     = "The vpc 'vpc-1' has dependencies and cannot be deleted."
		subnet  = "The subnet 'subnet-1' has dependencies and cannot be deleted."
		gateway = "Network vpc-1 has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
	)
	for name, c := range map[string]struct {
		has                     map[string]string
		deleteVPC, deleteSubnet string
		detach                  string
	}{
		"nothing": {},
		"what AWS makes": {has: map[string]string{
			"DescribeSecurityGroups": "<item><groupName>default</groupName></item>",
			"DescribeNetworkAcls":    "<item><default>true</default></item>",
		}},
		"a gateway":           {map[string]string{"DescribeInternetGateways": "<item/>"}, vpc, "", ""},
		"an interface":        {map[string]string{"DescribeNetworkInterfaces": "<item><status>available</status></item>"}, vpc, subnet, ""},
		"an address":          {map[string]string{"DescribeNetworkInterfaces": "<item><association><publicIp>192.0.2.7</publicIp></association></item>"}, vpc, subnet, gateway},
		"a security group":    {map[string]string{"DescribeSecurityGroups": "<item><groupName>web</groupName></item>"}, vpc, "", ""},
		"a network ACL":       {map[string]string{"DescribeNetworkAcls": "<item><default>false</default></item>"}, vpc, "", ""},
		"a NAT gateway":       {map[string]string{"DescribeNatGateways": "<item><state>available</state></item>"}, vpc, subnet, ""},
		"a past NAT gateway":  {has: map[string]string{"DescribeNatGateways": "<item><state>deleted</state></item>"}},
		"an endpoint":         {map[string]string{"DescribeVpcEndpoints": "<item><state>available</state></item>"}, vpc, "", ""},
		"a carrier gateway":   {map[string]string{"DescribeCarrierGateways": "<item><state>available</state></item>"}, vpc, "", ""},
		"an egress-only one":  {map[string]string{"DescribeEgressOnlyInternetGateways": "<item><attachmentSet><item><vpcId>vpc-1</vpcId></item></attachmentSet></item>"}, vpc, "", ""},
		"another VPC's":       {has: map[string]string{"DescribeEgressOnlyInternetGateways": "<item><attachmentSet><item><vpcId>vpc-2</vpcId></item></attachmentSet></item>"}},
		"a peering":           {map[string]string{"DescribeVpcPeeringConnections": "<item><accepterVpcInfo><vpcId>vpc-1</vpcId></accepterVpcInfo><status><code>active</code></status></item>"}, vpc, "", ""},
		"a past peering":      {has: map[string]string{"DescribeVpcPeeringConnections": "<item><requesterVpcInfo><vpcId>vpc-1</vpcId></requesterVpcInfo><status><code>deleted</code></status></item>"}},
		"a peering elsewhere": {has: map[string]string{"DescribeVpcPeeringConnections": "<item><requesterVpcInfo><vpcId>vpc-2</vpcId></requesterVpcInfo><status><code>active</code></status></item>"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, network(c.has), proxy.Options{Rules: limits.Unhurried})
			client := ec2.NewFromConfig(s.master())
			if name != "a gateway" {
				_, err := client.CreateSecurityGroup(ctx(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web"), VpcId: aws.String("vpc-2")})
				must(t, err)
			}
			_, err := client.DeleteVpc(ctx(), &ec2.DeleteVpcInput{VpcId: aws.String("vpc-1")})
			checkDependency(t, err, c.deleteVPC)
			_, err = client.DeleteSubnet(ctx(), &ec2.DeleteSubnetInput{SubnetId: aws.String("subnet-1")})
			checkDependency(t, err, c.deleteSubnet)
			_, err = client.DetachInternetGateway(ctx(), &ec2.DetachInternetGatewayInput{VpcId: aws.String("vpc-1"), InternetGatewayId: aws.String("igw-1")})
			checkDependency(t, err, c.detach)
		})
	}
}

// checkDependency checks that an error is EC2's DependencyViolation with the message; nil for an empty one.
func checkDependency(t *testing.T, err error, message string) {
	t.Helper()
	if message == "" {
		must(t, err)
		return
	}
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "DependencyViolation" || api.ErrorMessage() != message {
		t.Errorf("%v, want %q", err, message)
	}
}
