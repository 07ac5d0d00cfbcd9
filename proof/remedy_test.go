package proof

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestRemedies checks that a remedy names the stacks that declare the subject.
func TestRemedies(t *testing.T) {
	t.Parallel()
	org := declared()
	for _, c := range []struct {
		account string
		subject Subject
		stacks  string
	}{
		{"prod", "state", "prod"},
		{"prod", "account", "master"},
		{"master", "guardrail", "master"},
		{"prod", "delegation", "master prod"},
		{"master", "delegation", "master"},
		{"master", "trail", "audit"},
		{"prod", "trail", "audit"},
		{"audit", "archive", "audit"},
	} {
		want := fmt.Sprintf("run `coldstart refresh %s`, then `coldstart up %[1]s`, which brings it in line", c.stacks)
		if got := remedyFor(org, c.account)(c.subject); got != want {
			t.Errorf("%s of %s: %q", c.subject, c.account, got)
		}
	}
	org.Audit.Trail = organization.TrailAccount
	if got := remedyFor(org, "prod")("trail"); !strings.Contains(got, "`coldstart up prod`") {
		t.Errorf("a trail of the account's own: %q", got)
	}
}

// TestRemedyOf checks that a proof has no remedy if an update doesn't help.
func TestRemedyOf(t *testing.T) {
	t.Parallel()
	up := func(Subject) string { return "up" }
	wrong := errors.New("wrong")
	for name, c := range map[string]struct {
		account account
		err     error
		want    string
	}{
		"something of coldstart's": {account{remedy: up}, wrong, "up"},
		"with a remedy of its own": {account{remedy: up}, fmt.Errorf("so: %w", remedied(wrong, "do %d", 1)), "do 1"},
		"nothing was made yet":     {account{}, wrong, ""},
		"an account that is gone":  {account{remedy: up, unreachable: errNoAccount}, errNoAccount, ""},
		"may not be asked":         {account{remedy: up}, &smithy.GenericAPIError{Code: "AccessDenied"}, ""},
		"isn't there":              {account{remedy: up}, &smithy.GenericAPIError{Code: "NoSuchBucket"}, "up"},
	} {
		c.account.note("state", "it holds", c.err)
		p := c.account.proofs[0]
		if p.Remedy != c.want || strings.Contains(p.Detail, "do 1") {
			t.Errorf("%s: %+v", name, p)
		}
		if problem := p.Problem(); c.want != "" && !strings.HasSuffix(problem, "; "+c.want) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// TestOutdated checks that an account without an organization has nothing of an earlier
// version.
func TestOutdated(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(empty))
	t.Cleanup(server.Close)
	wrong, err := Outdated(t.Context(), declared(), Options{Env: env(server.URL)})
	if err != nil || len(wrong) > 0 {
		t.Errorf("%v, %v", wrong, err)
	}
}

// TestLetsCloudTrailDecrypt checks which key policies let CloudTrail decrypt.
func TestLetsCloudTrailDecrypt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}`:            true,
		`{"Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":["kms:*"],"Resource":"*"}`:              true,
		`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["kms:GenerateDataKey*"],"Resource":"*"}`: false,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"kms:*","Resource":"*"}`:                false,
		`{"Effect":"Deny","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}`:             false,
	} {
		d, err := parsePolicy(`{"Statement":[` + text + `]}`)
		if err != nil || d.letsCloudTrailDecrypt() != want {
			t.Errorf("%s: %v, not %t", text, err, want)
		}
	}
}
