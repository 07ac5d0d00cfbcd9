package limits_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const (
	adaDevice = "arn:aws:iam::123456789012:mfa/ada"
	aged      = `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"3600"}}`
)

// sessionOf returns the access key of a new session of a user. Device and code are sent if they
// aren't empty.
func (s *stage) sessionOf(key, device, code string) (string, error) {
	in := &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(43200)}
	if device != "" {
		in.SerialNumber = &device
	}
	if code != "" {
		in.TokenCode = &code
	}
	out, err := sts.NewFromConfig(s.config(key)).GetSessionToken(ctx(), in)
	if err != nil {
		return "", err
	}
	return *out.Credentials.AccessKeyId, nil
}

// A role whose trust policy demands MFA can only be assumed after a code was given, and only for
// the time that the policy allows.
func TestMFA(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.devices = []string{adaDevice}
	const role = "arn:aws:iam::123456789012:role/acme-master-admin"
	f.role(role, allow(`"arn:aws:iam::123456789012:root"`, aged))
	s := start(t, f.ServeHTTP, unhurried(nil))
	made, err := iam.NewFromConfig(s.master()).CreateAccessKey(ctx(), &iam.CreateAccessKeyInput{UserName: aws.String("ada")})
	must(t, err)
	key := *made.AccessKey.AccessKeyId

	refused := func(what, why string, err error) {
		t.Helper()
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "AccessDenied" || !strings.Contains(api.ErrorMessage(), why) {
			t.Errorf("%s: %v, not %q", what, err, why)
		}
	}
	_, err = s.assume(key, role)
	refused("a key without a code", "doesn't let the caller in", err)
	without, err := s.sessionOf(key, "", "")
	must(t, err)
	_, err = s.assume(without, role)
	refused("a session without a code", "doesn't let the caller in", err)
	for _, c := range []struct{ device, code, why string }{
		{adaDevice, "", "must provide both"},
		{"", "123456", "must provide both"},
		{strings.Replace(adaDevice, "ada", "bob", 1), "123456", "verify your MFA serial number"},
		{adaDevice, "12345x", "invalid MFA one time pass code"},
	} {
		_, err := s.sessionOf(key, c.device, c.code)
		refused(fmt.Sprint(c), c.why, err)
	}

	with, err := s.sessionOf(key, adaDevice, "123456")
	must(t, err)
	_, err = s.sessionOf(key, adaDevice, "123456")
	refused("a code for the second time", "invalid MFA one time pass code", err)
	_, err = s.sessionOf(with, adaDevice, "234567")
	refused("a session for a session", "Cannot call GetSessionToken with session credentials", err)
	s.clock.Pass(time.Hour)
	member := must2(s.assume(with, role))(t)
	_, err = s.assume(member, role)
	refused("a role's session", "doesn't let the caller in", err)
	s.clock.Pass(time.Second)
	_, err = s.assume(with, role)
	refused("a code too long ago", "doesn't let the caller in", err)
	_, err = sts.NewFromConfig(s.config(key)).AssumeRole(ctx(), &sts.AssumeRoleInput{
		RoleArn: aws.String(role), RoleSessionName: aws.String("ada"), SerialNumber: aws.String(adaDevice), TokenCode: aws.String("345678"),
	})
	must(t, err)
}
