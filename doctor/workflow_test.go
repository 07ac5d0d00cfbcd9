package doctor

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestWorkflowToken checks what doctor says about the subject of a workflow's token.
func TestWorkflowToken(t *testing.T) {
	subject := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		claims := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"sub":%q,"exp":1}`, subject))
		fmt.Fprintf(w, `{"value":"e30.%s.s"}`, claims)
	}))
	defer server.Close()
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", server.URL)
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3cret")
	w := newWorld(t)
	x := &examiner{org: w.org, options: Options{}}
	if x.inWorkflow() {
		t.Error("without access.github no role trusts a token")
	}
	w.org.Access.GitHub.Repository, w.org.Access.GitHub.Branch = "acme/infrastructure", "main"
	if !x.inWorkflow() {
		t.Error("a workflow isn't recognised")
	}
	for _, c := range []struct {
		subject string
		status  Status
		wants   []string
	}{
		{"repo:acme/infrastructure:pull_request", OK, []string{"for the roles plan"}},
		{"repo:acme/infrastructure:ref:refs/heads/main", OK, []string{"for the roles plan and apply"}},
		{"repo:acme@12/infrastructure@34:pull_request", Failure, []string{"write `repository: acme@12/infrastructure@34`", "the roles trust repo:acme/infrastructure:pull_request, "}},
		{"repo:acme/infrastructure:ref:refs/heads/other", Failure, []string{"on the branch or in the environment"}},
	} {
		subject = c.subject
		checkFinding(t, x.workflowToken(t.Context()), c.status, c.wants...)
	}
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
	checkFinding(t, x.workflowToken(t.Context()), Failure, "id-token: write")
}
