package github_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/github"
	"github.com/coldstart-aws/coldstart/internal/githubtest"
)

// TestSubject takes what GitHub says, in both forms, and nothing that could be another
// repository's.
func TestSubject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status            int
		answer, want, err string
	}{
		"since 15 July 2026": {answer: `{"use_default":true,"use_immutable_subject":true,"sub_claim_prefix":"repo:Acme@12/prod.acme.example@34"}`, want: "repo:Acme@12/prod.acme.example@34"},
		"before":             {answer: `{"use_default":true,"use_immutable_subject":false,"sub_claim_prefix":"repo:acme/prod.acme.example"}`, want: "repo:acme/prod.acme.example"},
		"without ids":        {answer: `{"use_default":true}`, want: "repo:acme/prod.acme.example"},
		"customised":         {answer: `{"use_default":false,"include_claim_keys":["repo"]}`, err: "customised"},
		"ids unsaid":         {answer: `{"use_default":true,"use_immutable_subject":true}`, err: `begin with ""`},
		"another's":          {answer: `{"use_default":true,"sub_claim_prefix":"repo:evil@12/prod.acme.example@34"}`, err: "isn't of acme/prod.acme.example"},
		"a pattern":          {answer: `{"use_default":true,"sub_claim_prefix":"repo:acme@12/prod.acme.example*"}`, err: "isn't of acme/prod.acme.example"},
		"one id":             {answer: `{"use_default":true,"sub_claim_prefix":"repo:acme@12/prod.acme.example"}`, err: "isn't of acme/prod.acme.example"},
		"a token too weak":   {status: http.StatusForbidden, answer: `{"message":"Resource not accessible"}`, err: "gh api repos/acme/prod.acme.example/actions/oidc/customization/sub --jq .sub_claim_prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := githubtest.NewHost(t)
			host.Customised = func(w http.ResponseWriter, _ *http.Request) {
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				_, _ = io.WriteString(w, c.answer)
			}
			r, err := github.RepositoriesFromEnvironment(func(name string) string {
				return map[string]string{"GITHUB_API_URL": host.URL, "GITHUB_TOKEN": githubtest.Token}[name]
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Subject(t.Context(), "acme", "prod.acme.example")
			if got != c.want || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
