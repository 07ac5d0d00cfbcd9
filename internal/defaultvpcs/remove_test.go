package defaultvpcs

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
)

// fake is EC2 in every region. It notes the calls that it gets, and refuses some.
type fake struct {
	mu      sync.Mutex
	calls   []string
	refuses map[string]string // codes by action
	answers map[string]string // bodies by action and region, or by action
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := r.PostFormValue("Action")
	region := strings.Split(r.Header.Get("Authorization"), "/")[2]
	call := action
	for _, parameter := range []string{"SubnetId", "AvailabilityZone", "InternetGatewayId", "GatewayId", "VpcId"} {
		if value := r.PostFormValue(parameter); value != "" {
			call += " " + value
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	w.Header().Set("Content-Type", "text/xml")
	for _, key := range []string{call, action + " in " + region, action} {
		if code := f.refuses[key]; code != "" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors></Response>", code)
			return
		}
	}
	body, ok := f.answers[action+" in "+region]
	if !ok {
		body = f.answers[action]
	}
	fmt.Fprintf(w, "<%[1]sResponse>%[2]s</%[1]sResponse>", action, body)
}

// start returns a configuration whose clients call the fake.
func (f *fake) start(t *testing.T) aws.Config {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// TestRemove removes a default VPC, and has AWS refuse each step once.
func TestRemove(t *testing.T) {
	t.Parallel()
	away := []string{"DeleteSubnet subnet-1", "DeleteSubnet subnet-2", "DetachInternetGateway igw-1 vpc-1", "DeleteInternetGateway igw-1", "DeleteVpc vpc-1"}
	subnets := []string{"CreateDefaultSubnet eu-west-1b", "CreateDefaultSubnet eu-west-1a"}
	restored := append([]string{"CreateInternetGateway", "AttachInternetGateway igw-2 vpc-1", "ReplaceRoute igw-2"}, subnets...)
	const violation = "removing default VPC vpc-1 in eu-west-1: operation error EC2: "
	for name, c := range map[string]struct {
		refuses map[string]string
		calls   []string
		says    []string
	}{
		"nothing is refused": {nil, away, nil},
		"all is gone": {map[string]string{
			"DeleteSubnet": "InvalidSubnetID.NotFound", "DetachInternetGateway": "Gateway.NotAttached", "DeleteInternetGateway": "InvalidInternetGatewayID.NotFound", "DeleteVpc": "InvalidVpcID.NotFound",
		}, away, nil},
		"the first subnet": {map[string]string{"DeleteSubnet": "DependencyViolation"}, away[:1], []string{violation + "DeleteSubnet", "; it is as it was"}},
		"the second subnet": {map[string]string{"DeleteSubnet subnet-2": "DependencyViolation"}, append(away[:2:2], subnets[1]), []string{
			violation + "DeleteSubnet", "; what was removed of it has been made again",
		}},
		"detaching": {map[string]string{"DetachInternetGateway": "UnauthorizedOperation"}, append(away[:3:3], subnets...), []string{violation + "DetachInternetGateway", "has been made again"}},
		"the gateway": {map[string]string{"DeleteInternetGateway": "UnauthorizedOperation"}, slices.Concat(away[:4], []string{"AttachInternetGateway igw-1 vpc-1"}, subnets), []string{
			violation + "DeleteInternetGateway", "has been made again",
		}},
		"the VPC": {map[string]string{"DeleteVpc": "DependencyViolation"}, slices.Concat(away, restored), []string{violation + "DeleteVpc", "has been made again"}},
		"the VPC and what restores it": {
			map[string]string{"DeleteVpc": "DependencyViolation", "CreateInternetGateway": "UnauthorizedOperation", "CreateDefaultSubnet eu-west-1a": "UnauthorizedOperation", "CreateDefaultSubnet eu-west-1b": "DefaultSubnetAlreadyExistsInAvailabilityZone"},
			slices.Concat(away, restored[:1], subnets),
			[]string{
				violation + "DeleteVpc", "not all that was removed of it could be made again: run the update again, or restore it with `aws ec2 create-internet-gateway --region eu-west-1`",
				"`aws ec2 attach-internet-gateway --vpc-id vpc-1 --region eu-west-1`", "`aws ec2 replace-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0 --region eu-west-1`",
				"(refused: CreateInternetGateway: ", "`aws ec2 create-default-subnet --availability-zone eu-west-1a --region eu-west-1` (refused: CreateDefaultSubnet: ",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{refuses: c.refuses, answers: map[string]string{"CreateInternetGateway": "<internetGateway><internetGatewayId>igw-2</internetGatewayId></internetGateway>"}}
			from := pristine()
			err := Remove(t.Context(), f.start(t), from.decide("eu-west-1"))
			if diff := cmp.Diff(c.calls, f.calls); diff != "" {
				t.Errorf("calls (-want +got)\n%s", diff)
			}
			if (err != nil) != (c.says != nil) {
				t.Fatalf("error: %v", err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q isn't in: %v", want, err)
				}
			}
		})
	}
}

// A VPC that holds something isn't touched, whoever asks.
func TestRemoveWhatHolds(t *testing.T) {
	t.Parallel()
	f := &fake{}
	_, err := Clear(t.Context(), f.start(t), []VPC{{Region: "eu-west-1", ID: "vpc-1", Holds: []string{"network interface eni-1"}}})
	if want := "default VPC vpc-1 in eu-west-1 isn't removed, since it holds network interface eni-1"; err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	if len(f.calls) > 0 {
		t.Errorf("calls: %q", f.calls)
	}
}

// TestFind reads three regions: one with a default VPC that an interrupted removal has left, one without, and some that can't be read.
func TestFind(t *testing.T) {
	t.Parallel()
	vpc := func(id string) string {
		return "<vpcSet><item><vpcId>" + id + "</vpcId><isDefault>true</isDefault></item></vpcSet>"
	}
	f := &fake{
		answers: map[string]string{
			"DescribeRegions": "<regionInfo><item><regionName>us-west-2</regionName></item><item><regionName>eu-west-1</regionName></item><item><regionName>eu-west-2</regionName></item>" +
				"<item><regionName>ap-northeast-3</regionName></item></regionInfo>",
			"DescribeVpcs in eu-west-1": vpc("vpc-1"), "DescribeVpcs in us-west-2": vpc("vpc-2"),
			"DescribeRouteTables": "<routeTableSet><item><routeTableId>rtb-1</routeTableId><associationSet><item><main>true</main></item></associationSet>" +
				"<routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-1</gatewayId><state>blackhole</state></item></routeSet></item></routeTableSet>",
		},
		refuses: map[string]string{"DescribeVpcs in ap-northeast-3": "OptInRequired", "DescribeFlowLogs in us-west-2": "UnauthorizedOperation"},
	}
	found, err := Find(t.Context(), f.start(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := Told(found.VPCs); got != "vpc-1 in eu-west-1" || len(found.VPCs[0].Holds) > 0 {
		t.Errorf("found %s", got)
	}
	if len(found.Unread) != 2 || found.Unread[0].Region != "ap-northeast-3" || !NotYet(found.Unread[0].Err) || found.Unread[1].Region != "us-west-2" || NotYet(found.Unread[1].Err) {
		t.Fatalf("unread %v", found.Unread)
	}
	if want := "asking what the default VPC vpc-2 holds: flow logs: "; !strings.HasPrefix(found.Unread[1].Err.Error(), want) {
		t.Errorf("%v, want %q", found.Unread[1].Err, want)
	}
	f.refuses["DescribeRegions"] = "RequestLimitExceeded"
	if _, err := Find(t.Context(), f.start(t), 0); err == nil || !strings.HasPrefix(err.Error(), "asking AWS which regions are enabled: ") {
		t.Errorf("no regions: %v", err)
	}
}
