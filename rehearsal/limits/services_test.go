package limits_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

func TestOverlappingChangesOfAZone(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.entered, f.leave = make(chan string), make(chan struct{})
	s := start(t, f.ServeHTTP, unhurried(nil))
	client := route53.NewFromConfig(s.master())
	change := func(zone string) error {
		_, err := client.ChangeResourceRecordSets(soon(t), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &zone, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{
			Action: types.ChangeActionCreate, ResourceRecordSet: &types.ResourceRecordSet{Name: aws.String("a"), Type: types.RRTypeA},
		}}}})
		return err
	}
	first := make(chan error)
	go func() { first <- change("Z1") }()
	<-f.entered
	var prior *types.PriorRequestNotComplete
	if err := change("Z1"); !errors.As(err, &prior) || !proxytest.IsThrottle(err) {
		t.Errorf("while another is made: %v", err)
	}
	f.leave <- struct{}{}
	must(t, <-first)
	s.clock.Pass(time.Second)
	go func() { first <- change("Z1") }()
	<-f.entered
	f.leave <- struct{}{}
	must(t, <-first)
}

// Each region of an account has its own defaults.
func TestMetadataDefaults(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, unhurried(nil))
	client := ec2.NewFromConfig(s.master())
	in := func(region string) func(*ec2.Options) { return func(o *ec2.Options) { o.Region = region } }
	tokens := func(region string) ec2types.HttpTokensState {
		out, err := client.GetInstanceMetadataDefaults(ctx(), &ec2.GetInstanceMetadataDefaultsInput{}, in(region))
		must(t, err)
		return out.AccountLevel.HttpTokens
	}
	set := func(region string, value ec2types.MetadataDefaultHttpTokensState) {
		out, err := client.ModifyInstanceMetadataDefaults(ctx(), &ec2.ModifyInstanceMetadataDefaultsInput{HttpTokens: value}, in(region))
		must(t, err)
		if !aws.ToBool(out.Return) {
			t.Error("it isn't done")
		}
	}
	set("eu-west-1", ec2types.MetadataDefaultHttpTokensStateRequired)
	if here, there := tokens("eu-west-1"), tokens("eu-west-2"); here != ec2types.HttpTokensStateRequired || there != "" {
		t.Errorf("set in one region: %q there, %q elsewhere", here, there)
	}
	set("eu-west-1", ec2types.MetadataDefaultHttpTokensStateNoPreference)
	if got := tokens("eu-west-1"); got != "" {
		t.Errorf("without a preference: %q", got)
	}
}

// Each delegation set gets name servers of its own, and all answers about its zones have them.
// Zones that are older than the proxy keep their name servers.
func TestEachZoneHasNameServersOfItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, unhurried(nil))
	client := route53.NewFromConfig(s.master())
	set, err := client.CreateReusableDelegationSet(ctx(), &route53.CreateReusableDelegationSetInput{CallerReference: aws.String("n1")})
	must(t, err)
	names := set.DelegationSet.NameServers
	if len(names) != 4 || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(motoNames, n) }) {
		t.Errorf("N1 has %s", names)
	}
	for i, tld := range []string{".com", ".net", ".org", ".co.uk"} {
		if !strings.HasPrefix(names[i], "ns-") || !strings.Contains(names[i], ".awsdns-") || !strings.HasSuffix(names[i], tld) {
			t.Errorf("%s is no name server of Route 53", names[i])
		}
	}
	// The first request is for records, so the rule has to find out the zone's set itself.
	records, err := client.ListResourceRecordSets(ctx(), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String("Z1")})
	must(t, err)
	for i, r := range records.ResourceRecordSets[0].ResourceRecords {
		if *r.Value != names[i] {
			t.Errorf("the zone's record is %s, and its set has %s", *r.Value, names)
		}
	}
	for zone, same := range map[string]bool{"Z1": true, "Z3": false} {
		out, err := client.GetHostedZone(ctx(), &route53.GetHostedZoneInput{Id: &zone})
		must(t, err)
		if got := out.DelegationSet.NameServers; len(got) != 4 || slices.Equal(got, names) != same || strings.Contains(motoNames, got[0]) == same {
			t.Errorf("%s has %s, and N1 %s", zone, got, names)
		}
	}
	sets, err := client.ListReusableDelegationSets(ctx(), nil)
	must(t, err)
	if all := sets.DelegationSets; !slices.Equal(all[0].NameServers, names) || !strings.Contains(motoNames, all[1].NameServers[0]) {
		t.Errorf("the sets are listed with %s and %s", all[0].NameServers, all[1].NameServers)
	}
}

func TestIAMCaps(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := start(t, f.ServeHTTP, unhurried(nil))
	client := iam.NewFromConfig(s.master())
	name := aws.String("x")
	for _, test := range []struct {
		counted string
		most    int
		quota   string
		add     func() error
	}{
		{"ListGroupsForUser", 10, "GroupsPerUser", func() error {
			_, err := client.AddUserToGroup(ctx(), &iam.AddUserToGroupInput{UserName: name, GroupName: name})
			return err
		}},
		{"ListAttachedGroupPolicies", 10, "PoliciesPerGroup", func() error {
			_, err := client.AttachGroupPolicy(ctx(), &iam.AttachGroupPolicyInput{GroupName: name, PolicyArn: name})
			return err
		}},
		{"ListAttachedRolePolicies", 10, "PoliciesPerRole", func() error {
			_, err := client.AttachRolePolicy(ctx(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: name})
			return err
		}},
		{"ListAttachedUserPolicies", 10, "PoliciesPerUser", func() error {
			_, err := client.AttachUserPolicy(ctx(), &iam.AttachUserPolicyInput{UserName: name, PolicyArn: name})
			return err
		}},
		{"Groups", 300, "GroupsPerAccount", func() error {
			_, err := client.CreateGroup(ctx(), &iam.CreateGroupInput{GroupName: name})
			return err
		}},
		{"Roles", 1000, "RolesPerAccount", func() error {
			_, err := client.CreateRole(ctx(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: name})
			return err
		}},
		{"Users", 5000, "UsersPerAccount", func() error {
			_, err := client.CreateUser(ctx(), &iam.CreateUserInput{UserName: name})
			return err
		}},
	} {
		f.set(test.counted, test.most-1)
		must(t, test.add())
		f.set(test.counted, test.most)
		var exceeded *iamtypes.LimitExceededException
		if err := test.add(); !errors.As(err, &exceeded) || !strings.Contains(exceeded.ErrorMessage(), test.quota) {
			t.Errorf("%s at %d: %v", test.quota, test.most, err)
		}
	}
}

func (f *fake) set(what string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[what] = n
}

func TestFiveTrailsInARegion(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.buckets["b"] = fakeBucket{policy: bucketPolicy("AWSLogs/*", "{}")}
	s := start(t, f.ServeHTTP, unhurried(nil))
	client := cloudtrail.NewFromConfig(s.master())
	create := func() error {
		_, err := client.CreateTrail(ctx(), &cloudtrail.CreateTrailInput{Name: aws.String("t"), S3BucketName: aws.String("b")})
		return err
	}
	f.set("DescribeTrails", 4)
	must(t, create())
	f.set("DescribeTrails", 5)
	var exceeded *cloudtrailtypes.MaximumNumberOfTrailsExceededException
	if err := create(); !errors.As(err, &exceeded) {
		t.Errorf("the sixth: %v", err)
	}
}

func TestANewAccountWaitsForServices(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := start(t, f.ServeHTTP, unhurried(func(n *limits.Numbers) {
		n.OptIn = map[string]awslimits.Duration{}
		for _, service := range []string{"cloudtrail", "ec2", "route53", "s3", "kms"} {
			n.OptIn[service] = awslimits.Duration{Takes: 5 * time.Minute}
		}
	}))
	o := s.organization()
	id, err := o.create("a@corp.example")
	must(t, err)
	s.clock.Pass(40 * time.Second)
	account := *o.state(id).AccountId
	f.role("arn:aws:iam::"+account+":role/in", `{"Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}`)
	s.clock.Pass(10 * time.Second)
	inside := s.config(must2(s.assume("test", "arn:aws:iam::"+account+":role/in"))(t))
	codes := map[string]string{"cloudtrail": "SubscriptionRequiredException", "kms": "SubscriptionRequiredException", "ec2": "OptInRequired", "route53": "OptInRequired", "s3": "NotSignedUp"}
	for _, c := range proxytest.Calls {
		service, _, _ := strings.Cut(c.Name, ":")
		var api smithy.APIError
		err := c.Make(inside)
		if want := codes[service]; want != "" && (!errors.As(err, &api) || api.ErrorCode() != want || proxytest.IsThrottle(err)) {
			t.Errorf("%s: %v, not %s", c.Name, err, want)
		}
		if err := c.Make(s.master()); errors.As(err, &api) && api.ErrorCode() == codes[service] {
			t.Errorf("%s of the management account: %v", c.Name, err)
		}
	}
	s.clock.Pass(5 * time.Minute)
	_, err = cloudtrail.NewFromConfig(inside).DescribeTrails(ctx(), nil)
	must(t, err)
}

// DescribeTrails returns only the trails that a request names, unlike the emulator's.
func TestNamedTrails(t *testing.T) {
	t.Parallel()
	f := newFake()
	trail := func(name, region string) any {
		return map[string]any{"Name": name, "HomeRegion": region, "TrailARN": "arn:aws:cloudtrail:" + region + ":111111111111:trail/" + name}
	}
	f.shown = []any{trail("first", "us-west-2"), trail("second", "us-west-2"), trail("first", "eu-west-1")}
	client := cloudtrail.NewFromConfig(start(t, f.ServeHTTP, unhurried(nil)).master())
	for names, want := range map[string][]string{
		"":      {"us-west-2:111111111111:trail/first", "us-west-2:111111111111:trail/second", "eu-west-1:111111111111:trail/first"},
		"first": {"us-west-2:111111111111:trail/first"},
		"third": nil,
		"arn:aws:cloudtrail:us-west-2:111111111111:trail/second":             {"us-west-2:111111111111:trail/second"},
		"second arn:aws:cloudtrail:eu-west-1:111111111111:trail/first third": {"us-west-2:111111111111:trail/second", "eu-west-1:111111111111:trail/first"},
	} {
		out, err := client.DescribeTrails(ctx(), &cloudtrail.DescribeTrailsInput{TrailNameList: strings.Fields(names)}, func(o *cloudtrail.Options) { o.Region = "us-west-2" })
		must(t, err)
		var got []string
		for _, trail := range out.TrailList {
			got = append(got, strings.TrimPrefix(aws.ToString(trail.TrailARN), "arn:aws:cloudtrail:"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v", names, got)
		}
	}
}
