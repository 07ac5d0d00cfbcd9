package limits_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

func TestUnknownKeysAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, http.NotFound, proxy.Options{Rules: limits.Rules})
	want := map[string]string{
		"iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId", "route53": "InvalidClientTokenId", "s3control": "InvalidClientTokenId",
		"monitoring": "InvalidClientTokenId", "sns": "InvalidClientTokenId",
		"s3": "InvalidAccessKeyId", "ec2": "AuthFailure",
	}
	for _, c := range proxytest.Calls {
		service, _, _ := strings.Cut(c.Name, ":")
		err := c.Make(s.config("AKIAUNKNOWN"))
		var api smithy.APIError
		code := want[service]
		if code == "" {
			code = "UnrecognizedClientException"
		}
		if !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("%s: %v, not %s", c.Name, err, code)
		}
	}
}

// A request whose signature can't be read doesn't pass as an anonymous request.
func TestUnreadableSignatures(t *testing.T) {
	t.Parallel()
	s := start(t, answer(200, "text/plain", "let through"), proxy.Options{Rules: limits.Rules})
	for header, want := range map[string]int{"": 200, "AWS4-HMAC-SHA256 Credential=a/b/c": 400, "AWS test:signature": 400} {
		request, err := http.NewRequestWithContext(ctx(), http.MethodGet, s.front.Endpoint()+"/bucket", nil)
		must(t, err)
		if header != "" {
			request.Header.Set("Authorization", header)
		}
		response, err := http.DefaultClient.Do(request)
		must(t, err)
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%q: %d, not %d", header, response.StatusCode, want)
		}
	}
}
