package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// stage is an injector in front of a fake emulator, which counts the calls that arrive.
type stage struct {
	*faults.Injector
	cfg aws.Config

	mu    sync.Mutex
	calls int // that arrived at the emulator
}

func (s *stage) arrived() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *stage) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprint(w, "<Answer><CreateRoleResult/><ListRolesResult/></Answer>")
}

func start(t *testing.T, plan string, attempts int, o faults.Options) *stage {
	t.Helper()
	p, err := faults.Parse(plan)
	must(t, err)
	s := &stage{Injector: faults.New(p, o)}
	behind := httptest.NewServer(s)
	t.Cleanup(behind.Close)
	front, err := proxy.Start(behind.URL, proxy.Options{Rules: s.Before(func(*proxy.World) []proxy.Rule { return nil })})
	must(t, err)
	t.Cleanup(func() { must(t, front.Close()) })
	s.cfg = aws.Config{
		Region:       "eu-north-1",
		BaseEndpoint: aws.String(front.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = attempts
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
	return s
}

func (s *stage) role(name string) error {
	_, err := iam.NewFromConfig(s.cfg).CreateRole(context.Background(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String("{}")})
	return err
}

func (s *stage) read() error {
	_, err := iam.NewFromConfig(s.cfg).ListRoles(context.Background(), nil)
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCallsAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t, "call=2:drop-before,read=2:drop-before,every=5:drop-before,action=iam:CreateRole@3:drop-before", 1, faults.Options{})
	var got []bool
	for i := range 10 {
		got = append(got, s.role("r") == nil)
		if err := s.read(); (err == nil) == (i == 1) {
			t.Errorf("read %d: %v", i+1, err)
		}
	}
	if diff := cmp.Diff([]bool{true, false, false, true, false, true, true, true, true, false}, got); diff != "" {
		t.Errorf("which calls got through (-want +got):\n%s", diff)
	}
	want := []faults.Injection{
		{Fault: "call=2:drop-before", Kind: faults.DropBefore, Call: 2, Action: "iam:CreateRole", Number: 2, Account: "123456789012"},
		{Fault: "read=2:drop-before", Kind: faults.DropBefore, Call: 2, Read: true, Action: "iam:ListRoles", Number: 2, Account: "123456789012"},
		{Fault: "action=iam:CreateRole@3:drop-before", Kind: faults.DropBefore, Call: 3, Action: "iam:CreateRole", Number: 3, Account: "123456789012"},
		{Fault: "every=5:drop-before", Kind: faults.DropBefore, Call: 5, Action: "iam:CreateRole", Number: 5, Account: "123456789012"},
		{Fault: "every=5:drop-before", Kind: faults.DropBefore, Call: 10, Action: "iam:CreateRole", Number: 10, Account: "123456789012"},
	}
	if diff := cmp.Diff(want, s.Injected()); diff != "" {
		t.Errorf("injected (-want +got):\n%s", diff)
	}
	if got := s.Injected()[1].String(); got != "drop-before at read 2, iam:ListRoles@2 in 123456789012" {
		t.Errorf("it is described as %s", got)
	}
	if changes, reads := s.Calls(); changes != 10 || reads != 10 {
		t.Errorf("%d changes and %d reads were counted", changes, reads)
	}
	if pending := s.Pending(); len(pending) != 0 {
		t.Errorf("it says that %s never happened", pending)
	}
	s.Stop()
	for range 5 {
		must(t, s.role("r"))
	}
}

// TestWhatTakesEffect checks, for each kind, how many calls arrive at the emulator, and whether
// the client gets an answer.
func TestWhatTakesEffect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind    string
		effects int
		ok      bool
	}{
		{"500", 0, false},
		{"503", 0, false},
		{"throttle", 0, false},
		{"timeout", 1, false},
		{"drop-before", 0, false},
		{"drop-after", 1, false},
		{"kill", 0, false},
		{"kill-after", 1, false},
		{"kill-coldstart", 1, true},
		{"kill-provider", 0, false},
		{"kill-provider-after", 1, false},
	} {
		t.Run(test.kind, func(t *testing.T) {
			t.Parallel()
			deaths := make(chan faults.Victim, 9)
			var s *stage
			var before atomic.Int64
			s = start(t, "call=1:"+test.kind, 1, faults.Options{Timeout: time.Nanosecond, Kill: func(v faults.Victim) {
				before.Store(int64(s.arrived()))
				deaths <- v
			}})
			if err := s.role("r"); (err == nil) != test.ok {
				t.Errorf("the client got %v", err)
			}
			if got := s.arrived(); got != test.effects {
				t.Errorf("the emulator got %d calls, not %d", got, test.effects)
			}
			var killed []faults.Victim
			for len(deaths) > 0 {
				killed = append(killed, <-deaths)
			}
			want := map[string][]faults.Victim{
				"kill": {faults.Everything}, "kill-after": {faults.Everything}, "kill-coldstart": {faults.Coldstart},
				"kill-provider": {faults.Provider}, "kill-provider-after": {faults.Provider},
			}
			if diff := cmp.Diff(want[test.kind], killed); diff != "" {
				t.Errorf("killed (-want +got):\n%s", diff)
			}
			if after := strings.HasSuffix(test.kind, "-after") && killed != nil; after != (before.Load() == 1) {
				t.Errorf("%d calls had taken effect when somebody was killed", before.Load())
			}
		})
	}
}

// TestAttempts checks that a fault hits as many attempts of an SDK at one call as the plan says,
// and no attempt at another call.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]struct {
		ok      bool
		effects int
	}{
		"call=1:500":          {true, 1},
		"call=1:drop-before":  {true, 1},
		"call=1:drop-after":   {true, 2}, // The first attempt took effect, and so does the second.
		"call=1:drop-after*2": {true, 3},
		"call=1:drop-after*3": {false, 3},
		"call=1:throttle*3":   {false, 0},
		"call=1:500*4":        {false, 0},
	} {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			s := start(t, plan, 3, faults.Options{})
			if err := s.role("r"); (err == nil) != want.ok {
				t.Errorf("the client got %v", err)
			}
			if got := s.arrived(); got != want.effects {
				t.Errorf("the emulator got %d calls, not %d", got, want.effects)
			}
			if pending := s.Pending(); len(pending) != 0 {
				t.Errorf("it says that %s never happened", pending)
			}
			must(t, s.role("another"))
		})
	}
}

// TestServicesFailInTheirOwnWay checks that the SDK of each service recognises an internal
// error, an unavailable service and throttling, and would retry.
func TestServicesFailInTheirOwnWay(t *testing.T) {
	t.Parallel()
	calls := map[string]func(aws.Config) error{
		"ServiceFailure": func(cfg aws.Config) error {
			_, err := iam.NewFromConfig(cfg).CreateGroup(context.Background(), &iam.CreateGroupInput{GroupName: aws.String("g")})
			return err
		},
		"ServiceException": func(cfg aws.Config) error {
			_, err := organizations.NewFromConfig(cfg).CreateOrganization(context.Background(), nil)
			return err
		},
		"KMSInternalException": func(cfg aws.Config) error {
			_, err := kms.NewFromConfig(cfg).CreateKey(context.Background(), nil)
			return err
		},
		"InternalServerError": func(cfg aws.Config) error {
			_, err := ssm.NewFromConfig(cfg).DeleteParameter(context.Background(), &ssm.DeleteParameterInput{Name: aws.String("p")})
			return err
		},
		"InternalError": func(cfg aws.Config) error {
			_, err := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("b")})
			return err
		},
		"InternalFailure": func(cfg aws.Config) error {
			_, err := route53.NewFromConfig(cfg).CreateReusableDelegationSet(context.Background(), &route53.CreateReusableDelegationSetInput{CallerReference: aws.String("r")})
			return err
		},
		"InternalServerException": func(cfg aws.Config) error {
			_, err := awsaccount.NewFromConfig(cfg).DeleteAlternateContact(context.Background(), &awsaccount.DeleteAlternateContactInput{AlternateContactType: accounttypes.AlternateContactTypeBilling})
			return err
		},
	}
	for code, call := range calls {
		for kind, want := range map[string]struct {
			code   string
			status int
		}{"500": {code, 500}, "503": {"ServiceUnavailable", 503}, "throttle": {}} {
			s := start(t, "call=1:"+kind, 1, faults.Options{})
			err := call(s.cfg)
			var api smithy.APIError
			var response *awshttp.ResponseError
			switch {
			case !errors.As(err, &api) || !errors.As(err, &response):
				t.Errorf("%s of %s: %v", kind, code, err)
			case kind == "throttle":
				if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) != aws.TrueTernary {
					t.Errorf("%s of %s is no throttling: %v", kind, code, err)
				}
			case api.ErrorCode() != want.code || response.HTTPStatusCode() != want.status:
				t.Errorf("%s of %s is %s with status %d", kind, code, api.ErrorCode(), response.HTTPStatusCode())
			}
			if retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) != aws.TrueTernary &&
				retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) != aws.TrueTernary {
				t.Errorf("after %s of %s an SDK doesn't try again: %v", kind, code, err)
			}
		}
	}
}

func TestTimeoutsEndWithTheClient(t *testing.T) {
	t.Parallel()
	s := start(t, "call=1:timeout,call=2:500", 1, faults.Options{Timeout: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := iam.NewFromConfig(s.cfg).CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("g")})
		done <- err
	}()
	for s.arrived() == 0 {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}
	if pending := s.Pending(); pending.String() != "call=2:500" {
		t.Errorf("it says that %s never happened", pending)
	}
}

// TestIsChange: calls that only read aren't counted as changes, whatever a service calls them.
func TestIsChange(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]bool{
		"iam:GetRole": false, "inspector2:BatchGetAccountStatus": false, "events:TestEventPattern": false, "events:ListRules": false, "sts:AssumeRole": false,
		"iam:CreateRole": true, "inspector2:Enable": true, "events:PutRule": true,
	} {
		service, action, _ := strings.Cut(call, ":")
		if got := faults.IsChange(&proxy.Call{Service: service, Action: action}); got != want {
			t.Errorf("%s changes something: %t", call, got)
		}
	}
}
