package limits_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// refuser answers every call with one refusal, and keeps the call.
type refuser struct {
	w       *limits.World
	problem *limits.Problem // nil to throttle
	last    chan *limits.Call
}

func (refuser) Name() string { return "refuser" }

func (r refuser) Apply(c *limits.Call, _ limits.Next) *limits.Answer {
	r.last <- c
	if r.problem == nil {
		return r.w.Throttled(c)
	}
	return r.w.Refuse(c, *r.problem)
}

// calls is one of each service that coldstart uses.
var calls = []struct {
	name, code string
	status     int
	resource   string
	make       func(aws.Config) error
}{
	{"organizations:DescribeOrganization", "TooManyRequestsException", 400, "", func(cfg aws.Config) error {
		_, err := organizations.NewFromConfig(cfg).DescribeOrganization(ctx(), nil)
		return err
	}},
	{"iam:GetRole", "Throttling", 400, "", func(cfg aws.Config) error {
		_, err := iam.NewFromConfig(cfg).GetRole(ctx(), &iam.GetRoleInput{RoleName: aws.String("r")})
		return err
	}},
	{"sts:GetCallerIdentity", "Throttling", 400, "", func(cfg aws.Config) error {
		_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx(), nil)
		return err
	}},
	{"ec2:GetEbsEncryptionByDefault", "RequestLimitExceeded", 503, "", func(cfg aws.Config) error {
		_, err := ec2.NewFromConfig(cfg).GetEbsEncryptionByDefault(ctx(), nil)
		return err
	}},
	{"route53:ChangeResourceRecordSets", "Throttling", 400, "Z1", func(cfg aws.Config) error {
		_, err := route53.NewFromConfig(cfg).ChangeResourceRecordSets(ctx(), &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String("/hostedzone/Z1"), ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{{
				Action:            route53types.ChangeActionCreate,
				ResourceRecordSet: &route53types.ResourceRecordSet{Name: aws.String("a.example"), Type: route53types.RRTypeA},
			}}},
		})
		return err
	}},
	{"s3:CreateBucket", "SlowDown", 503, "b", func(cfg aws.Config) error {
		_, err := pathStyle(cfg).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: aws.String("b")})
		return err
	}},
	{"s3:GetBucketPolicy", "SlowDown", 503, "b", func(cfg aws.Config) error {
		_, err := pathStyle(cfg).GetBucketPolicy(ctx(), &s3.GetBucketPolicyInput{Bucket: aws.String("b")})
		return err
	}},
	{"s3:GetObject", "SlowDown", 503, "b", func(cfg aws.Config) error {
		_, err := pathStyle(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k/l")})
		return err
	}},
	{"s3control:GetPublicAccessBlock", "SlowDown", 503, "", func(cfg aws.Config) error {
		_, err := s3Control(cfg).GetPublicAccessBlock(ctx(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String("123456789012")})
		return err
	}},
	{"kms:ListKeys", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := kms.NewFromConfig(cfg).ListKeys(ctx(), nil)
		return err
	}},
	{"ssm:GetParameter", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := ssm.NewFromConfig(cfg).GetParameter(ctx(), &ssm.GetParameterInput{Name: aws.String("p")})
		return err
	}},
	{"cloudtrail:DescribeTrails", "ThrottlingException", 400, "", func(cfg aws.Config) error {
		_, err := cloudtrail.NewFromConfig(cfg).DescribeTrails(ctx(), nil)
		return err
	}},
	{"account:GetAlternateContact", "TooManyRequestsException", 429, "", func(cfg aws.Config) error {
		_, err := awsaccount.NewFromConfig(cfg).GetAlternateContact(ctx(), &awsaccount.GetAlternateContactInput{AlternateContactType: accounttypes.AlternateContactTypeBilling})
		return err
	}},
	{"access-analyzer:GetAnalyzer", "ThrottlingException", 429, "a", func(cfg aws.Config) error {
		_, err := accessanalyzer.NewFromConfig(cfg).GetAnalyzer(ctx(), &accessanalyzer.GetAnalyzerInput{AnalyzerName: aws.String("a")})
		return err
	}},
}

func pathStyle(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// s3Control has the front for a proxy: the host that it calls has the account's id
// in front.
func s3Control(cfg aws.Config) *s3control.Client {
	endpoint, _ := url.Parse(*cfg.BaseEndpoint)
	return s3control.NewFromConfig(cfg, func(o *s3control.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = http.ProxyURL(endpoint) })
	})
}

func TestEveryServiceIsRecognisedAndThrottledInItsOwnWay(t *testing.T) {
	t.Parallel()
	last := make(chan *limits.Call, 1)
	s := start(t, http.NotFound, limits.Options{Rules: only(func(w *limits.World) refuser { return refuser{w: w, last: last} })})
	for _, c := range calls {
		err := c.make(s.master())
		var api smithy.APIError
		var response *awshttp.ResponseError
		switch {
		case !errors.As(err, &api) || !errors.As(err, &response):
			t.Errorf("%s: %v", c.name, err)
		case api.ErrorCode() != c.code, response.HTTPStatusCode() != c.status, api.ErrorMessage() == "":
			t.Errorf("%s: %s %q with status %d, not %s with %d", c.name, api.ErrorCode(), api.ErrorMessage(), response.HTTPStatusCode(), c.code, c.status)
		case response.ServiceRequestID() == "":
			t.Errorf("%s: no request id", c.name)
		case !isThrottle(err):
			t.Errorf("%s: an SDK doesn't take this for throttling: %v", c.name, err)
		}
		call := <-last
		if call.String() != c.name || call.Resource != c.resource || call.Caller.Account != "123456789012" {
			t.Errorf("%s was taken for %s of %q by %+v", c.name, call, call.Resource, call.Caller)
		}
	}
	if r := s.front.Report(); r.Calls != len(calls) || r.Throttled != len(calls) || r.Rules["refuser"] != len(calls) {
		t.Errorf("the report says: %s", r)
	}
}

func TestRefusalsHaveTheirFields(t *testing.T) {
	t.Parallel()
	last := make(chan *limits.Call, 1)
	s := start(t, http.NotFound, limits.Options{Rules: only(func(w *limits.World) refuser {
		return refuser{w, &limits.Problem{Status: 400, Code: "ConstraintViolationException", Message: "Too <many>", Fields: map[string]string{"Reason": "OU_NUMBER_LIMIT_EXCEEDED"}}, last}
	})})
	err := calls[0].make(s.master())
	var violation *types.ConstraintViolationException
	if !errors.As(err, &violation) || violation.Reason != types.ConstraintViolationExceptionReasonOuNumberLimitExceeded || aws.ToString(violation.Message) != "Too <many>" {
		t.Errorf("the SDK read %v", err)
	}
	if isThrottle(err) {
		t.Error("a violation is no throttling")
	}
}

func TestUnknownKeysAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, http.NotFound, limits.Options{})
	want := map[string]string{
		"iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId", "route53": "InvalidClientTokenId", "s3control": "InvalidClientTokenId",
		"s3": "InvalidAccessKeyId", "ec2": "AuthFailure",
	}
	for _, c := range calls {
		service, _, _ := strings.Cut(c.name, ":")
		err := c.make(s.config("AKIAUNKNOWN"))
		var api smithy.APIError
		code := want[service]
		if code == "" {
			code = "UnrecognizedClientException"
		}
		if !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("%s: %v, not %s", c.name, err, code)
		}
	}
}

// named returns the rules of these names alone, in AWS's order.
func named(names ...string) func(*limits.World) []limits.Rule {
	return func(w *limits.World) []limits.Rule {
		return slices.DeleteFunc(limits.Rules(w), func(r limits.Rule) bool { return !slices.Contains(names, r.Name()) })
	}
}

// A bucket's tokens come back with AWS's time, of which Scale seconds pass in one.
func TestRates(t *testing.T) {
	t.Parallel()
	s := start(t, answer(200, "application/x-amz-json-1.1", `{"CreateAccountStatus":{}}`), limits.Options{
		Scale: 10,
		Rules: named("unknown access key", "rate exceeded"),
	})
	client := organizations.NewFromConfig(s.master())
	create := func() error {
		_, err := client.CreateAccount(ctx(), &organizations.CreateAccountInput{AccountName: aws.String("a"), Email: aws.String("a@b.example")})
		return err
	}
	for range 3 {
		must(t, create()) // the burst
	}
	var many *types.TooManyRequestsException
	if err := create(); !errors.As(err, &many) || !isThrottle(err) {
		t.Fatalf("the fourth at once: %v", err)
	}
	s.clock.pass(900 * time.Millisecond) // 9 s of AWS's
	if err := create(); !isThrottle(err) {
		t.Errorf("after 9 s: %v", err)
	}
	s.clock.pass(100 * time.Millisecond)
	must(t, create())
	if err := create(); !isThrottle(err) {
		t.Errorf("the second after 10 s: %v", err)
	}
	// Other actions have buckets of their own, and so have other accounts.
	_, err := client.ListAccounts(ctx(), &organizations.ListAccountsInput{})
	must(t, err)
	r := s.front.Report()
	if a := r.Actions[0]; a.Action != "organizations:CreateAccount" || a.Calls != 7 || a.Throttled != 3 || a.Waited != 10*time.Second {
		t.Errorf("the report says %+v", a)
	}
}

func TestRoute53HasOneBucketForAllActions(t *testing.T) {
	t.Parallel()
	numbers := limits.Published()
	numbers.Rates["route53"] = limits.FivePerSecond()
	s := start(t, answer(200, "text/xml", "<GetHostedZoneResponse><HostedZone><Id>Z</Id></HostedZone></GetHostedZoneResponse>"), limits.Options{
		Numbers: &numbers, Rules: named("unknown access key", "rate exceeded"),
	})
	client := route53.NewFromConfig(s.master())
	var refused int
	for i := range 8 {
		var err error
		if i%2 == 0 {
			_, err = client.GetHostedZone(ctx(), &route53.GetHostedZoneInput{Id: aws.String("Z")})
		} else {
			_, err = client.GetChange(ctx(), &route53.GetChangeInput{Id: aws.String("C")})
		}
		if isThrottle(err) {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of 8 at once were throttled, not 3", refused)
	}
}

// A request for any host goes to the emulator, which sees that host.
func TestItIsAProxyToo(t *testing.T) {
	t.Parallel()
	s := start(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.URL) }, limits.Options{})
	proxy, err := url.Parse(s.front.Endpoint())
	must(t, err)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	response, err := client.Get("http://123456789012.nobody.example:81/v20180820/x?y=1")
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if string(body) != "123456789012.nobody.example:81/v20180820/x?y=1" {
		t.Errorf("the emulator saw %s", body)
	}
}

// cutter breaks connections.
type cutter struct{}

func (cutter) Name() string { return "cutter" }
func (cutter) Apply(*limits.Call, limits.Next) *limits.Answer {
	return &limits.Answer{Cut: true}
}

func TestConnectionsCanBreak(t *testing.T) {
	t.Parallel()
	s := start(t, http.NotFound, limits.Options{Rules: only(func(*limits.World) cutter { return cutter{} })})
	if response, err := http.Get(s.front.Endpoint()); err == nil {
		response.Body.Close()
		t.Errorf("the answer is %s", response.Status)
	}
	if r := s.front.Report(); r.Rules["cutter"] != 1 {
		t.Errorf("the report says: %s", r)
	}
}

// Whatever is signed in a way that can't be read doesn't pass for nobody's.
func TestUnreadableSignatures(t *testing.T) {
	t.Parallel()
	s := start(t, answer(200, "text/plain", "let through"), limits.Options{})
	for header, want := range map[string]int{"": 200, "AWS4-HMAC-SHA256 Credential=a/b/c": 400, "AWS test:signature": 400} {
		request, err := http.NewRequestWithContext(ctx(), http.MethodGet, s.front.Endpoint()+"/bucket", nil)
		must(t, err)
		if header != "" {
			request.Header.Set("Authorization", header)
		}
		response, err := http.DefaultClient.Do(request)
		must(t, err)
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%q: %d, not %d", header, response.StatusCode, want)
		}
	}
}
