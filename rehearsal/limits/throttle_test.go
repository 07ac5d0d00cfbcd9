package limits_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// named returns only the rules with the given names, in the order of Rules.
func named(o limits.Options, names ...string) func(*proxy.World) []proxy.Rule {
	return func(w *proxy.World) []proxy.Rule {
		return slices.DeleteFunc(o.Rules(w), func(r proxy.Rule) bool { return !slices.Contains(names, r.Name()) })
	}
}

// A token bucket fills up in AWS's time: here ten of AWS's seconds pass in one second.
func TestRates(t *testing.T) {
	t.Parallel()
	s := start(t, answer(200, "application/x-amz-json-1.1", `{"CreateAccountStatus":{}}`), proxy.Options{
		Scale: 10,
		Rules: named(limits.Options{}, "unknown access key", "rate exceeded"),
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
	if err := create(); !errors.As(err, &many) || !proxytest.IsThrottle(err) {
		t.Fatalf("the fourth at once: %v", err)
	}
	s.clock.Pass(900 * time.Millisecond) // 9 s of AWS's
	if err := create(); !proxytest.IsThrottle(err) {
		t.Errorf("after 9 s: %v", err)
	}
	s.clock.Pass(100 * time.Millisecond)
	must(t, create())
	if err := create(); !proxytest.IsThrottle(err) {
		t.Errorf("the second after 10 s: %v", err)
	}
	// Another action has a token bucket of its own.
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
	numbers.Rates["route53"] = awslimits.Rate{PerSecond: 5, Burst: 5}
	s := start(t, answer(200, "text/xml", "<GetHostedZoneResponse><HostedZone><Id>Z</Id></HostedZone></GetHostedZoneResponse>"), proxy.Options{
		Rules: named(limits.Options{Numbers: &numbers}, "unknown access key", "rate exceeded"),
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
		if proxytest.IsThrottle(err) {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of 8 at once were throttled, not 3", refused)
	}
}
