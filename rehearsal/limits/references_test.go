package limits_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// A request with a caller reference that was used is refused.
func TestCallerReferences(t *testing.T) {
	t.Parallel()
	s := start(t, answer(201, "text/xml", "<Answer><DelegationSet><Id>N</Id></DelegationSet><HostedZone><Id>Z</Id></HostedZone></Answer>"), unhurried(nil))
	client := route53.NewFromConfig(s.master())
	set := func(reference string) error {
		_, err := client.CreateReusableDelegationSet(ctx(), &route53.CreateReusableDelegationSetInput{CallerReference: &reference})
		return err
	}
	zone := func(reference string) error {
		_, err := client.CreateHostedZone(ctx(), &route53.CreateHostedZoneInput{CallerReference: &reference, Name: aws.String("a.example")})
		return err
	}
	must(t, set("one"))
	must(t, zone("one"))
	must(t, set("two"))
	var created *types.DelegationSetAlreadyCreated
	if err := set("one"); !errors.As(err, &created) || created.ErrorMessage() == "" {
		t.Errorf("a set again: %v", err)
	}
	var exists *types.HostedZoneAlreadyExists
	if err := zone("one"); !errors.As(err, &exists) || exists.ErrorMessage() == "" {
		t.Errorf("a zone again: %v", err)
	}
	if r := s.front.Report(); r.Rules["caller reference"] != 2 {
		t.Errorf("the report says: %s", r)
	}
}

// A request that failed doesn't use up its caller reference.
func TestFailedCallsLeaveNoReference(t *testing.T) {
	t.Parallel()
	s := start(t, answer(500, "text/xml", "<ErrorResponse/>"), proxy.Options{Rules: limits.Rules})
	client := route53.NewFromConfig(s.master())
	for range 2 {
		_, err := client.CreateReusableDelegationSet(ctx(), &route53.CreateReusableDelegationSetInput{CallerReference: aws.String("one")})
		var created *types.DelegationSetAlreadyCreated
		if err == nil || errors.As(err, &created) {
			t.Errorf("error %v", err)
		}
	}
}
