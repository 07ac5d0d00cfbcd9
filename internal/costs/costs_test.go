package costs_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/costs"
)

func TestFind(t *testing.T) {
	t.Parallel()
	const (
		services = `{"MonitorArn":"arn:services","MonitorType":"DIMENSIONAL","MonitorDimension":"SERVICE"}`
		other    = `{"MonitorArn":"arn:other","MonitorType":"CUSTOM"}`
		denied   = `{"__type":"AccessDeniedException","message":"User: ada is not authorized to perform: ce:GetAnomalyMonitors"}`
		off      = `{"__type":"AccessDeniedException","message":"User not enabled for cost explorer access"}`
	)
	for name, c := range map[string]struct {
		// pages are AWS's answers, the last of them one with tags.
		pages []string
		want  costs.Found
		err   string
	}{
		"a monitor and tags": {
			[]string{`{"AnomalyMonitors":[` + other + `],"NextPageToken":"2"}`, `{"AnomalyMonitors":[` + services + `]}`, `{"CostAllocationTags":[{"TagKey":"Team","Status":"Inactive","Type":"UserDefined"}]}`},
			costs.Found{MonitorARN: "arn:services", Seen: []string{"Team"}},
			"",
		},
		"nothing":    {[]string{`{"AnomalyMonitors":[` + other + `]}`, `{}`}, costs.Found{}, ""},
		"not opened": {[]string{off}, costs.Found{Off: true}, ""},
		"not let in": {[]string{denied}, costs.Found{}, "is not authorized"},
		"no tags":    {[]string{`{}`, denied}, costs.Found{}, "is not authorized"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := c.pages
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if strings.HasPrefix(pages[0], `{"__type"`) {
					w.WriteHeader(http.StatusBadRequest)
				}
				_, _ = io.WriteString(w, pages[0])
				pages = pages[1:]
			}))
			t.Cleanup(server.Close)
			got, err := costs.Find(t.Context(), aws.Config{Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "s", "")}, []string{"Team", "Cost"})
			if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}
