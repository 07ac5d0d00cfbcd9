package limits_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Unhurried refuses no call for being fast, but still refuses what AWS never accepts.
func TestUnhurried(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, proxy.Options{Rules: limits.Unhurried})
	o := s.organization()
	for range 9 { // AWS's rate allows a burst of three, and only one change of a target at a time.
		_, err := o.AttachPolicy(ctx(), &organizations.AttachPolicyInput{PolicyId: aws.String("p-1"), TargetId: aws.String("ou-1")})
		must(t, err)
	}
	if _, err := o.create("nobody"); err == nil {
		t.Error("an address without an @ was taken")
	}
}
