package iamdata_test

import (
	"testing"

	"github.com/coldstart-aws/coldstart/internal/iamdata"
)

func TestResourceControlled(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]bool{
		"s3:GetObject": true, "s3:*": true, "STS:AssumeRole": true, "xray:PutTraceSegments": true, "aoss:*": true,
		"*": false, "s3": false, "*:GetObject": false, "iam:CreateRole": false, "ec2:*": false, "s*:GetObject": false,
	} {
		if got := iamdata.ResourceControlled(action); got != want {
			t.Errorf("%s: %v", action, got)
		}
	}
}
