package limits_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
)

// jwt returns a token with the given claims. The rules don't check its signature.
func jwt(issuer, audience, subject string, expires time.Time) string {
	claims := fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":%q,"exp":%d}`, issuer, audience, subject, expires.Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func codeOf(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// TestWorkflowsComeInByTheirTokens accepts a token whose subject is exactly the subject in the
// role's trust policy, and refuses other tokens as STS does.
func TestWorkflowsComeInByTheirTokens(t *testing.T) {
	t.Parallel()
	const issuer, audience, subject = "https://i.example", "sts.amazonaws.com", "repo:acme@12/infra@34:pull_request"
	f := newFake()
	plan := "arn:aws:iam::123456789012:role/z9-master-plan"
	f.role(plan, `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/i.example"},"Action":"sts:AssumeRoleWithWebIdentity",`+
		`"Condition":{"StringEquals":{"i.example:aud":"sts.amazonaws.com","i.example:sub":["`+subject+`"]}}}]}`)
	f.role(masterRole, allow(`"123456789012"`, ""))
	s := start(t, f.ServeHTTP, unhurried(nil))
	client := sts.NewFromConfig(s.master())
	soon := s.clock.Now().Add(5 * time.Minute)
	for name, c := range map[string]struct{ role, token, code string }{
		"the subject":       {plan, jwt(issuer, audience, subject, soon), ""},
		"names alone":       {plan, jwt(issuer, audience, "repo:acme/infra:pull_request", soon), "AccessDenied"},
		"another's id":      {plan, jwt(issuer, audience, "repo:acme@12/infra@35:pull_request", soon), "AccessDenied"},
		"people's role":     {masterRole, jwt(issuer, audience, subject, soon), "AccessDenied"},
		"no role":           {plan + "ner", jwt(issuer, audience, subject, soon), "AccessDenied"},
		"another issuer":    {plan, jwt("https://other.example", audience, subject, soon), "InvalidIdentityToken"},
		"another audience":  {plan, jwt(issuer, "https://github.com/acme", subject, soon), "InvalidIdentityToken"},
		"no token":          {plan, "x", "InvalidIdentityToken"},
		"an expired token":  {plan, jwt(issuer, audience, subject, s.clock.Now()), "ExpiredTokenException"},
		"a token in clear ": {plan, "e30.{}.c2ln", "InvalidIdentityToken"},
	} {
		_, err := client.AssumeRoleWithWebIdentity(ctx(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: &c.role, RoleSessionName: aws.String("coldstart"), WebIdentityToken: &c.token})
		if code := codeOf(err); (err != nil) != (c.code != "") || code != c.code {
			t.Errorf("%s: %q, not %q: %v", name, code, c.code, err)
		}
	}
}

// TestSessionsEnd checks that a session's key is refused after the time that STS has named, with
// the error of each service.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.add("111111111111", "prod@corp.example")
	f.role(prodIn, allow(`"123456789012"`, ""))
	s := start(t, f.ServeHTTP, unhurried(nil))
	cfg := s.config(must2(s.assume("test", prodIn))(t))
	ask := func() map[string]error {
		_, identity := sts.NewFromConfig(cfg).GetCallerIdentity(ctx(), nil)
		_, summary := iam.NewFromConfig(cfg).GetAccountSummary(ctx(), nil)
		_, organization := organizations.NewFromConfig(cfg).DescribeOrganization(ctx(), nil)
		_, bucket := proxytest.S3(cfg).ListBuckets(ctx(), nil)
		return map[string]error{"sts": identity, "iam": summary, "organizations": organization, "s3": bucket}
	}
	for service, err := range ask() {
		if code := codeOf(err); code == "ExpiredToken" || code == "ExpiredTokenException" {
			t.Errorf("%s, during the session: %v", service, err)
		}
	}
	s.clock.Pass(time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC).Sub(s.clock.Now()))
	for service, err := range ask() {
		want := "ExpiredToken"
		if service == "organizations" {
			want = "ExpiredTokenException"
		}
		if code := codeOf(err); code != want {
			t.Errorf("%s, after the session: %q, not %q: %v", service, code, want, err)
		}
	}
}
