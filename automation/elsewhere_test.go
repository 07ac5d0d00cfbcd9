package automation

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// Before a stack's first run AWS is asked about it, by the run and then by the program:
// once if AWS has nothing of the stack, and again if AWS didn't answer.
func TestMadeIsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		want   int64
	}{"nothing": {http.StatusOK, 1}, "no answer": {http.StatusForbidden, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.Contains(r.URL.Path, "hostedzonesbyname"):
					fmt.Fprint(w, "<ListHostedZonesByNameResponse><HostedZones></HostedZones></ListHostedZonesByNameResponse>")
				case r.Method == http.MethodPost:
					asked.Add(1)
					w.WriteHeader(c.status)
					fmt.Fprint(w, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")
				default:
					w.WriteHeader(http.StatusNotFound)
					fmt.Fprint(w, "<Error><Code>NoSuchBucket</Code></Error>")
				}
			}))
			t.Cleanup(server.Close)
			a := &Automation{org: &organization.Organization{Namespace: "acme", Domain: "acme.example", Region: "us-west-2"}, options: Options{Env: map[string]string{
				"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
			}}}
			common := &shared{}
			for range 2 {
				// Each is a stack of its own, as a run's first look and its node are.
				err := a.stack(organization.Stack{Name: organization.Master}, common).made(t.Context(), organization.Master, "")
				if (err == nil) != (c.status == http.StatusOK) {
					t.Errorf("it ended with %v", err)
				}
			}
			if got := asked.Load(); got != c.want {
				t.Errorf("AWS was asked %d times, not %d", got, c.want)
			}
		})
	}
}
