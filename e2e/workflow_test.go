//go:build e2e

package e2e

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/internal/oidc"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// gitHubToken returns a token with the claims of GitHub's tokens, and with a signature that
// isn't valid.
func gitHubToken(audience, subject string) string {
	return oidc.Unsigned(organization.GitHubIssuer, audience, subject, 5*time.Minute)
}

// gitHubTokens starts the server from which a workflow run gets its tokens, and returns its
// address.
func gitHubTokens(t *testing.T, subject string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer requested" {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(rw, `{"value":%q}`, gitHubToken(r.URL.Query().Get("audience"), subject))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// shortSessions is a rule that ends the sessions for tokens early. AWS's answer says that a
// session ends after two seconds. Its key is refused after four.
type shortSessions struct {
	w *proxy.World

	mu      sync.Mutex
	ends    map[string]time.Time
	refused int
}

func (*shortSessions) Name() string { return "short sessions" }

var expiration = regexp.MustCompile(`<Expiration>[^<]*</Expiration>`)

func (r *shortSessions) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if r.ended(c.AccessKey) {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusForbidden, Code: "ExpiredToken", Message: "The security token included in the request is expired"})
	}
	a := next(c)
	if !c.Is("sts", "AssumeRoleWithWebIdentity") || !a.OK() {
		return a
	}
	var out struct {
		Key string `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
	}
	if xml.Unmarshal(a.Body, &out) == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ends[out.Key] = time.Now().Add(4 * time.Second)
	}
	soon := time.Now().Add(2 * time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
	a.Body = expiration.ReplaceAll(a.Body, []byte("<Expiration>"+soon+"</Expiration>"))
	return a
}

func (r *shortSessions) ended(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	end, known := r.ends[key]
	if !known || time.Now().Before(end) {
		return false
	}
	r.refused++
	return true
}

// outlivesSessions brings all stacks up from a workflow that has only the run's token.
// Meanwhile sessions end many times: coldstart's own, those of the backend in S3, and those of
// the providers.
func (w *world) outlivesSessions() {
	t := w.t.(*testing.T)
	t.Helper()
	var rule *shortSessions
	var ended sync.Map
	front, err := proxy.Start(w.emulator.Endpoint(), proxy.Options{
		Rules: func(world *proxy.World) []proxy.Rule {
			rule = &shortSessions{w: world, ends: map[string]time.Time{}}
			return []proxy.Rule{rule}
		},
		OnCall: func(c *proxy.Call, _ *proxy.Answer) { ended.Store(c.AccessKey, c.String()) },
	})
	must(t, err)
	defer func() { must(t, front.Close()) }()
	env := w.env
	defer func() {
		w.env = env
		w.ok(coldstart(), "up", "--yes") // The providers in the state have the address of the proxy.
	}()
	w.env = maps.Clone(env)
	maps.Copy(w.env, map[string]string{
		"AWS_ENDPOINT_URL": front.Endpoint(),
		// SDKs request a session before they have read AWS_ENDPOINT_URL.
		"AWS_ENDPOINT_URL_STS": front.Endpoint(),
		"AWS_ACCESS_KEY_ID":    "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
		"AWS_ROLE_ARN":                 "arn:aws:iam::123456789012:role/drift-master-apply",
		"ACTIONS_ID_TOKEN_REQUEST_URL": gitHubTokens(t, "repo:drift@12/drift@34:ref:refs/heads/main"), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "requested",
	})
	w.ok(coldstart(), "up", "--yes")
	if len(rule.ends) < 4 || rule.refused > 0 {
		t.Errorf("%d sessions, of which %d calls came too late", len(rule.ends), rule.refused)
	}
	if _, ok := ended.Load("test"); ok {
		t.Error("the operator's key was used")
	}
}

// TestRehearsalOfEverything rehearses what happens to an organization later, too, and leaves no decision about a call open.
func TestRehearsalOfEverything(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: all
  coldstart:domain: all.example
  coldstart:region: eu-west-1
  coldstart:email: all+%s@all.example
  coldstart:accounts: {logs: {}, app: {}}
  coldstart:audit: {account: logs, retentionDays: 30, lockDays: 7}
  coldstart:access: {github: {repository: acme@12/infra@34, branch: main, environment: prod}}
  coldstart:tags: {Team: core}
  coldstart:budgets: {notify: costs@all.example, total: 5000, accounts: {app: 100}, anomalies: 100}
`)
	out := w.ok(coldstart(), "rehearse", "--all")
	contains(t, out, "The rehearsal went well", "by the plan roles", "by the apply role", "destroying what app has", "moving the state")
	content, err := os.ReadFile(filepath.Join(w.dir, rehearsal.Dir, rehearsal.ReportFile))
	must(t, err)
	var report rehearsal.Report
	must(t, json.Unmarshal(content, &report))
	if len(report.Operations) != 6 {
		t.Errorf("the report has %d operations: %+v", len(report.Operations), report.Operations)
	}
	if omitted := strings.Join(report.Omitted, "\n"); strings.Contains(omitted, "nobody can tell") {
		t.Errorf("a decision about one of coldstart's own calls is open:\n%s", omitted)
	}
}
