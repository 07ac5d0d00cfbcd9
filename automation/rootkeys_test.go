package automation

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestRootKeys asks something that speaks as IAM does.
func TestRootKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys, status int
		want         string
	}{
		"no keys":     {0, http.StatusOK, ""},
		"a key":       {1, http.StatusOK, "root user has access keys, which no policy binds; delete them"},
		"not allowed": {0, http.StatusForbidden, "couldn't be found out: operation error IAM: GetAccountSummary"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "GetAccountSummary" {
					t.Errorf("asked for %q, %v", r.Form, err)
				}
				w.WriteHeader(c.status)
				fmt.Fprintf(w, `<GetAccountSummaryResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountSummaryResult><SummaryMap>
<entry><key>AccountAccessKeysPresent</key><value>%d</value></entry>
</SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>`, c.keys)
			}))
			t.Cleanup(server.Close)
			a := &Automation{org: &organization.Organization{Region: "us-west-2"}, options: Options{Env: map[string]string{
				"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
			}}}
			got := strings.Join(a.rootKeys(context.Background()), "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) || strings.Contains(got, "secret") {
				t.Errorf("got %q", got)
			}
		})
	}
}
