//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// enabled is the number of regions that a new account has.
const enabled = 17

// TestDefaultVPCs keeps default VPCs, and then has them removed while some are in use, by plain Pulumi, by runs that are killed, and
// by coldstart.
func TestDefaultVPCs(t *testing.T) {
	begin(t)
	w, s := newWorld(t, unwatched+"  coldstart:baseline: { defaultVpcs: keep }\n"), &stand{}
	w.limited(proxy.Options{Scale: 10, Rules: s.before(limits.Unhurried)})
	w.plainProject()
	w.up()
	for _, account := range []string{"", "app"} {
		if left := w.defaultVPCs(account); len(left) != enabled {
			t.Errorf("account %q keeps %d default VPCs: %v", account, len(left), left)
		}
	}

	// The management account's are in use in three regions.
	before := w.defaultVPCs("")
	networkInterface, group, subnet := w.moveIn("eu-west-1", "us-east-2", "ap-south-1")

	w.declare(unwatched + "  coldstart:baseline: { defaultVpcs: remove }\n")
	seen := &writes{}
	rule := proxy.Rule(seen)
	s.rule.Store(&rule)
	held := []string{
		fmt.Sprintf("default VPC %s in eu-west-1 stays, since it holds network interface %s: move that to another VPC", before["eu-west-1"], networkInterface),
		fmt.Sprintf("default VPC %s in us-east-2 stays, since it holds security group %s:", before["us-east-2"], group),
		fmt.Sprintf("default VPC %s in ap-south-1 stays, since it holds subnet %s:", before["ap-south-1"], subnet),
	}
	contains(t, w.ok(coldstart(), "preview"), append(held,
		"an update removes its default VPCs that hold nothing: ", before["eu-north-1"]+" in eu-north-1", w.defaultVPCs("app")["us-west-2"]+" in us-west-2")...)
	contains(t, w.ok("pulumi", "preview", "--stack", "master", "--non-interactive"), held...)
	if calls := seen.of(); len(calls) > 0 {
		t.Errorf("a preview made the calls %q", calls)
	}
	s.rule.Store(nil)

	w.ok("pulumi", "up", "--stack", "app", "--yes", "--non-interactive")
	if left := w.defaultVPCs("app"); len(left) > 0 {
		t.Errorf("plain Pulumi leaves %v", left)
	}

	// Answers are lost, and the run is killed, as if the machine broke down: after some subnets, the gateway that is detached, and a
	// VPC are gone. Each run goes on where the one before has stopped.
	w.struck(s, "action=ec2:DeleteSubnet@5:drop-after,action=ec2:DetachInternetGateway@4:kill-after", false)
	w.struck(s, "action=ec2:DeleteInternetGateway@3:kill-after", false)
	w.struck(s, "action=ec2:DeleteVpc@4:kill-after", false)
	w.unchanged()

	// What is in use is left as it was, and proofs name it.
	left := w.defaultVPCs("")
	if regions := slices.Sorted(maps.Keys(left)); !slices.Equal(regions, []string{"ap-south-1", "eu-west-1", "us-east-2"}) {
		t.Errorf("default VPCs are left in %v", regions)
	}
	for region, id := range left {
		if before[region] != id || len(w.gatewaysOf("", region, id)) != 1 || len(w.subnetsOf("", region, id)) < 3 {
			t.Errorf("%s has lost some of its default VPC: %s (was %s)", region, id, before[region])
		}
	}
	detail := fmt.Sprintf("there is %s in ap-south-1, which holds subnet %s; there is %s in eu-west-1, which holds network interface %s; there is %s in us-east-2, which holds security group %s",
		before["ap-south-1"], subnet, before["eu-west-1"], networkInterface, before["us-east-2"], group)
	remedy := fmt.Sprintf("move what %s, %s, %s holds to another VPC and run `coldstart up master`, which removes default VPCs that hold nothing; "+
		"or write `keep` in coldstart:baseline.defaultVpcs", before["ap-south-1"], before["eu-west-1"], before["us-east-2"])
	if diff := cmp.Diff(map[string][2]string{"master": {detail, remedy}}, w.vpcsUnproved()); diff != "" {
		t.Errorf("proofs that don't hold (-want +got)\n%s", diff)
	}

	w.moveOut(networkInterface, group, subnet)
	w.up("master")
	for _, account := range []string{"", "app", "sec"} {
		if left := w.defaultVPCs(account); len(left) > 0 {
			t.Errorf("account %q has %v", account, left)
		}
		for _, region := range w.regionsOf(account) {
			if lost := w.gatewaysOf(account, region, ""); len(lost) > 0 {
				t.Errorf("account %q has the internet gateways %v in %s", account, lost, region)
			}
		}
	}
	w.unchanged()
	w.proved()

	// One that somebody makes again is found, and the next update removes it.
	_, err := w.ec2("app", "eu-central-1").CreateDefaultVpc(context.Background(), &ec2.CreateDefaultVpcInput{})
	must(t, err)
	if got := w.vpcsUnproved()["app"]; !strings.HasPrefix(got[0], "there is vpc-") || got[1] != "run `coldstart up app`, which removes default VPCs that hold nothing" {
		t.Errorf("a default VPC that came back: %q", got)
	}
	out, code := w.exits(coldstart(), "drift")
	if code != 3 {
		t.Errorf("drift ends with %d", code)
	}
	contains(t, out, "Not declared:", "app: default VPC vpc-", " in eu-central-1", "Run `coldstart up app`, which removes it.")
	w.up("app")
	w.proved()
}

// writes notes the calls to EC2 that change something.
type writes struct {
	mu    sync.Mutex
	calls []string
}

func (*writes) Name() string { return "writes" }

func (r *writes) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service == "ec2" && faults.IsChange(c) {
		r.mu.Lock()
		r.calls = append(r.calls, c.String())
		r.mu.Unlock()
	}
	return next(c)
}

func (r *writes) of() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// ec2 returns a client in an account of unwatched; in the management account if name is empty.
func (w *world) ec2(name, region string) *ec2.Client {
	w.t.Helper()
	return ec2.NewFromConfig(w.watched(name, region))
}

func (w *world) regionsOf(name string) []string {
	w.t.Helper()
	out, err := w.ec2(name, "eu-west-1").DescribeRegions(context.Background(), &ec2.DescribeRegionsInput{})
	must(w.t, err)
	var regions []string
	for _, r := range out.Regions {
		regions = append(regions, aws.ToString(r.RegionName))
	}
	if len(regions) != enabled {
		w.t.Errorf("%d regions are enabled: %v", len(regions), regions)
	}
	return regions
}

// defaultVPCs returns the ids of an account's default VPCs by region.
func (w *world) defaultVPCs(name string) map[string]string {
	w.t.Helper()
	ids := map[string]string{}
	cfg := w.watched(name, "eu-west-1")
	for _, region := range w.regionsOf(name) {
		cfg.Region = region
		out, err := ec2.NewFromConfig(cfg).DescribeVpcs(context.Background(), &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("is-default"), Values: []string{"true"}}}})
		must(w.t, err)
		for _, v := range out.Vpcs {
			ids[region] = aws.ToString(v.VpcId)
		}
	}
	return ids
}

// gatewaysOf returns the ids of the internet gateways that are attached to a VPC; of all if vpc is empty.
func (w *world) gatewaysOf(name, region, vpc string) []string {
	w.t.Helper()
	in := &ec2.DescribeInternetGatewaysInput{}
	if vpc != "" {
		in.Filters = []ec2types.Filter{{Name: aws.String("attachment.vpc-id"), Values: []string{vpc}}}
	}
	out, err := w.ec2(name, region).DescribeInternetGateways(context.Background(), in)
	must(w.t, err)
	var ids []string
	for _, g := range out.InternetGateways {
		ids = append(ids, aws.ToString(g.InternetGatewayId))
	}
	return ids
}

func (w *world) subnetsOf(name, region, vpc string) []ec2types.Subnet {
	w.t.Helper()
	out, err := w.ec2(name, region).DescribeSubnets(context.Background(), &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}})
	must(w.t, err)
	return out.Subnets
}

// moveIn creates a network interface, a security group and a subnet in the management account's default VPCs of three regions.
func (w *world) moveIn(interfaceIn, groupIn, subnetIn string) (networkInterface, group, subnet string) {
	w.t.Helper()
	ctx, vpcs := context.Background(), w.defaultVPCs("")
	some := w.subnetsOf("", interfaceIn, vpcs[interfaceIn])[0].SubnetId
	eni, err := w.ec2("", interfaceIn).CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{SubnetId: some})
	must(w.t, err)
	sg, err := w.ec2("", groupIn).CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web"), VpcId: aws.String(vpcs[groupIn])})
	must(w.t, err)
	own, err := w.ec2("", subnetIn).CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: aws.String(vpcs[subnetIn]), CidrBlock: aws.String("172.31.240.0/20"), AvailabilityZone: aws.String(subnetIn + "a")})
	must(w.t, err)
	return aws.ToString(eni.NetworkInterface.NetworkInterfaceId), aws.ToString(sg.GroupId), aws.ToString(own.Subnet.SubnetId)
}

// moveOut deletes what moveIn has created in eu-west-1, us-east-2 and ap-south-1.
func (w *world) moveOut(networkInterface, group, subnet string) {
	w.t.Helper()
	ctx := context.Background()
	_, err := w.ec2("", "eu-west-1").DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &networkInterface})
	must(w.t, err)
	_, err = w.ec2("", "us-east-2").DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &group})
	must(w.t, err)
	_, err = w.ec2("", "ap-south-1").DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &subnet})
	must(w.t, err)
}

// vpcsUnproved returns the details and remedies of the claims about default VPCs that don't hold, by account. Another claim that
// doesn't hold fails the test.
func (w *world) vpcsUnproved() map[string][2]string {
	w.t.Helper()
	proofs, err := proof.Prove(context.Background(), w.organization(), proof.Options{Env: w.emulator.Env()})
	must(w.t, err)
	unproved := map[string][2]string{}
	for _, p := range proofs.Proofs {
		switch {
		case p.Holds:
		case p.Claim == "no default VPC is left in any enabled region":
			unproved[p.Account] = [2]string{p.Detail, p.Remedy}
		default:
			w.t.Error(p.Problem())
		}
	}
	return unproved
}
