package limits_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Nobody has to be slow, but what is refused for good stays refused.
func TestUnhurried(t *testing.T) {
	t.Parallel()
	s := start(t, newFake().ServeHTTP, proxy.Options{Rules: limits.Unhurried})
	o := s.organization()
	for range 9 { // AWS lets three of them through, and keeps overlapping ones apart.
		_, err := o.AttachPolicy(ctx(), &organizations.AttachPolicyInput{PolicyId: aws.String("p-1"), TargetId: aws.String("ou-1")})
		must(t, err)
	}
	if _, err := o.create("nobody"); err == nil {
		t.Error("an address without an @ was taken")
	}
}
