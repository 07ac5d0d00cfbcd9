package limits_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
)

// Nobody can assume a role before all of AWS knows the role, and the role allows nothing before all
// of AWS knows its first policy.
func TestRolesSpread(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := start(t, f.ServeHTTP, unhurried(nil))
	admin := iam.NewFromConfig(s.master())
	name := aws.String("z9-prod-delegation")
	_, err := admin.CreateRole(ctx(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String("{}")})
	must(t, err)
	f.role(masterRole, allow(`"arn:aws:iam::123456789012:root"`, ""))
	refused := func(what string, err error, code string, words ...string) {
		t.Helper()
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != code || proxytest.IsThrottle(err) {
			t.Errorf("%s: %v", what, err)
			return
		}
		for _, word := range words {
			if !strings.Contains(api.ErrorMessage(), word) {
				t.Errorf("%s: %q isn't in %q", what, word, api.ErrorMessage())
			}
		}
	}
	_, err = s.assume("test", masterRole)
	refused("a new role", err, "AccessDenied", "is not authorized to perform: sts:AssumeRole", masterRole)
	s.clock.Pass(5 * time.Second)
	key := must2(s.assume("test", masterRole))(t)
	session := s.config(key)
	change := func() error {
		_, err := route53.NewFromConfig(session).GetHostedZone(ctx(), &route53.GetHostedZoneInput{Id: aws.String("Z1")})
		return err
	}
	_, err = sts.NewFromConfig(session).GetCallerIdentity(ctx(), nil)
	must(t, err)
	refused("a role without a policy", change(), "AccessDenied", "is not authorized to perform: route53:GetHostedZone", "because no identity-based policy allows")
	_, err = kms.NewFromConfig(session).ListKeys(ctx(), nil)
	refused("a role without a policy", err, "AccessDeniedException")
	_, err = ec2.NewFromConfig(session).GetEbsEncryptionByDefault(ctx(), nil)
	refused("a role without a policy", err, "UnauthorizedOperation")
	_, err = s3.NewFromConfig(session).ListBuckets(ctx(), nil)
	refused("a role without a policy", err, "AccessDenied")
	_, err = iam.NewFromConfig(session).GetRole(ctx(), &iam.GetRoleInput{RoleName: name})
	refused("a role without a policy", err, "AccessDenied", "iam:GetRole")

	_, err = admin.PutRolePolicy(ctx(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("delegation"), PolicyDocument: aws.String("{}")})
	must(t, err)
	refused("a new policy", change(), "AccessDenied", "because no identity-based policy allows")
	s.clock.Pass(5 * time.Second)
	must(t, change())

	// A second policy needs no further time. Without any policy the role allows nothing again.
	_, err = admin.AttachRolePolicy(ctx(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
	must(t, err)
	must(t, change())
	_, err = admin.DeleteRolePolicy(ctx(), &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("delegation")})
	must(t, err)
	must(t, change())
	_, err = admin.DetachRolePolicy(ctx(), &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
	must(t, err)
	refused("a role whose policies were taken away", change(), "AccessDenied")
}
