package limits_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
)

// assume assumes a role with an access key, and returns the session's access key.
func (s *stage) assume(key, arn string) (string, error) {
	out, err := sts.NewFromConfig(s.config(key)).AssumeRole(ctx(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: aws.String("coldstart")})
	if err != nil {
		return "", err
	}
	return *out.Credentials.AccessKeyId, nil
}

func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func (f *fake) role(arn, trust string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.roles[arn] = trust
}

const (
	masterRole = "arn:aws:iam::123456789012:role/z9-prod-delegation"
	prodIn     = "arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"
	prodOther  = "arn:aws:iam::111111111111:role/other"
	devIn      = "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole"
)

func allow(principal, condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":` + principal + `},"Action":["sts:AssumeRole"]` + condition + `}]}`
}

func TestWhoComesIn(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.add("111111111111", "prod@corp.example")
	f.add("222222222222", "dev@corp.example")
	master := allow(`"arn:aws:iam::123456789012:root"`, "")
	f.role(prodIn, master)
	f.role(devIn, master)
	f.role(prodOther, master)
	f.role(masterRole, allow(`["arn:aws:iam::123456789012:root","arn:aws:iam::111111111111:root"]`,
		`,"Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-1"]},"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::123456789012:*","`+prodIn+`"]}}`))
	s := start(t, f.ServeHTTP, unhurried(nil))
	keys := map[string]string{"master": "test"}
	for name, arn := range map[string]string{"prod": prodIn, "dev": devIn, "prod's other role": prodOther} {
		keys[name] = must2(s.assume("test", arn))(t)
	}
	for i, test := range []struct {
		who, arn, trust, why string
	}{
		{"master", masterRole, "", ""},
		{"prod", masterRole, "", ""},
		{"dev", masterRole, "", "doesn't let the caller in"},
		{"prod's other role", masterRole, "", "doesn't let the caller in"},
		{"dev", prodIn, "", "doesn't let the caller in"},
		{"master", "arn:aws:iam::333333333333:role/OrganizationAccountAccessRole", "", "no account of the organization"},
		{"master", "arn:aws:iam::111111111111:role/Nobody", "", "no such role"},
		{"prod", "arn:aws:iam::222222222222:role/exact", allow(`"`+prodIn+`"`, ""), ""},
		{"prod's other role", "arn:aws:iam::222222222222:role/exact", "", "doesn't let the caller in"},
		{"master", "arn:aws:iam::111111111111:role/mfa", allow(`"123456789012"`, `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":["true"]}}`), "doesn't let the caller in"},
		{"prod", "arn:aws:iam::111111111111:role/mfa", allow(`"*"`, `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), "doesn't let the caller in"},
		{"master", "arn:aws:iam::111111111111:role/maybe", allow(`"123456789012"`, `,"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":["true"]}}`), ""},
		{"master", "arn:aws:iam::111111111111:role/null", allow(`"123456789012"`, `,"Condition":{"Null":{"aws:MultiFactorAuthAge":"true"}}`), ""},
		{"master", "arn:aws:iam::111111111111:role/name", allow(`"123456789012"`, `,"Condition":{"StringLike":{"sts:RoleSessionName":"cold*"}}`), ""},
		{"master", "arn:aws:iam::111111111111:role/external", allow(`"123456789012"`, `,"Condition":{"StringEquals":{"sts:ExternalId":"1"}}`), "doesn't let the caller in"},
		{"master", "arn:aws:iam::111111111111:role/not", allow(`"123456789012"`, `,"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`), "doesn't let the caller in"},
		{"master", "arn:aws:iam::111111111111:role/service", `{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, "doesn't let the caller in"},
		{"master", "arn:aws:iam::111111111111:role/denied", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:*"},{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}`, "doesn't let the caller in"},
		{"master", "arn:aws:iam::111111111111:role/broken", `{"Statement":5}`, "can't be read"},
	} {
		if test.trust != "" {
			f.role(test.arn, test.trust)
		}
		_, err := s.assume(keys[test.who], test.arn)
		if test.why == "" {
			if err != nil {
				t.Errorf("%d: %s can't assume %s: %v", i, test.who, test.arn, err)
			}
			continue
		}
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "AccessDenied" || !strings.Contains(err.Error(), test.why) || proxytest.IsThrottle(err) {
			t.Errorf("%d: %s and %s: %v, not %q", i, test.who, test.arn, err, test.why)
		}
	}
}

// Nobody can assume a role in an account that is new or closed.
func TestTheWayIntoAnAccount(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := start(t, f.ServeHTTP, unhurried(nil))
	o := s.organization()
	id, err := o.create("a@corp.example")
	must(t, err)
	s.clock.Pass(45 * time.Second)
	account := *o.state(id).AccountId
	role := "arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"
	f.role(role, allow(`"123456789012"`, ""))
	if _, err := s.assume("test", role); err == nil || !strings.Contains(err.Error(), "the account is 5s old") {
		t.Errorf("after 5 s: %v", err)
	}
	s.clock.Pass(5 * time.Second)
	must2(s.assume("test", role))(t)
	_, err = o.CloseAccount(ctx(), &organizations.CloseAccountInput{AccountId: &account})
	must(t, err)
	if _, err := s.assume("test", role); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("of a closed account: %v", err)
	}
}

// A caller can't read or change another account's resources, although the emulator would let it.
func TestWhatIsAnothersStaysThere(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.add("111111111111", "prod@corp.example")
	f.role(prodIn, allow(`"123456789012"`, ""))
	s := start(t, f.ServeHTTP, unhurried(nil))
	member := s.config(must2(s.assume("test", prodIn))(t))
	_, err := proxytest.S3(s.master()).CreateBucket(ctx(), &s3.CreateBucketInput{Bucket: aws.String("masters")})
	must(t, err)
	contact := func(cfg aws.Config, account string) error {
		in := &awsaccount.GetAlternateContactInput{AlternateContactType: accounttypes.AlternateContactTypeBilling}
		if account != "" {
			in.AccountId = &account
		}
		_, err := awsaccount.NewFromConfig(cfg).GetAlternateContact(ctx(), in)
		return err
	}
	policy := func(cfg aws.Config) error {
		_, err := proxytest.S3(cfg).PutBucketPolicy(ctx(), &s3.PutBucketPolicyInput{Bucket: aws.String("masters"), Policy: aws.String("{}")})
		return err
	}
	object := func(cfg aws.Config) error {
		_, err := proxytest.S3(cfg).GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("masters"), Key: aws.String("k")})
		return err
	}
	block := func(cfg aws.Config, account string) error {
		_, err := proxytest.S3Control(cfg).DeletePublicAccessBlock(ctx(), &s3control.DeletePublicAccessBlockInput{AccountId: &account})
		return err
	}
	unit := func(cfg aws.Config) error {
		_, err := organizations.NewFromConfig(cfg).CreateOrganizationalUnit(ctx(), &organizations.CreateOrganizationalUnitInput{Name: aws.String("u"), ParentId: aws.String("r-1")})
		return err
	}
	for name, test := range map[string]struct {
		err  error
		code string
	}{
		"the owner's settings of a bucket":  {policy(s.master()), ""},
		"another's settings of a bucket":    {policy(member), "AccessDenied"},
		"another's objects":                 {object(member), "AccessDenied"},
		"an account's own block":            {block(member, "111111111111"), ""},
		"another's block":                   {block(s.master(), "111111111111"), "AccessDenied"},
		"an account's own contact":          {contact(member, ""), ""},
		"another's contact":                 {contact(member, "123456789012"), "AccessDeniedException"},
		"a member's contact, by management": {contact(s.master(), "111111111111"), ""},
		"management's contact, by its id":   {contact(s.master(), "123456789012"), "AccessDeniedException"},
		"the contact of who knows":          {contact(s.master(), "999999999999"), "AccessDeniedException"},
		"a unit, by management":             {unit(s.master()), ""},
		"a unit, by a member":               {unit(member), "AccessDeniedException"},
	} {
		var api smithy.APIError
		if refused := errors.As(test.err, &api); refused != (test.code != "") || refused && api.ErrorCode() != test.code {
			t.Errorf("%s: %v, not %q", name, test.err, test.code)
		}
	}
}
