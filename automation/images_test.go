package automation

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/dockerd"
)

// TestRegistryLogin reads what ECR answers, and never repeats a token in an error.
func TestRegistryLogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer, err string
		want        dockerd.Login
	}{
		"a token": {
			answer: `{"authorizationData":[{"authorizationToken":"QVdTOnMzY3JldA==","proxyEndpoint":"https://1.dkr.ecr.eu-west-1.amazonaws.com"}]}`,
			want:   dockerd.Login{Registry: "1.dkr.ecr.eu-west-1.amazonaws.com", User: "AWS", Password: "s3cret"},
		},
		"none":   {answer: `{"authorizationData":[]}`, err: "AWS gave no token"},
		"broken": {answer: `{"authorizationData":[{"authorizationToken":"s3cret"}]}`, err: "isn't base64 of USER:PASSWORD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if target := r.Header.Get("X-Amz-Target"); !strings.HasSuffix(target, ".GetAuthorizationToken") {
					t.Errorf("called %s", target)
				}
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				_, _ = io.WriteString(w, c.answer)
			}))
			defer server.Close()
			got, err := registryLogin(t.Context(), aws.Config{
				Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if (err != nil) != (c.err != "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "s3cret")) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
