package proof

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// audited returns a prover whose archive has objects with the given keys.
func audited(t *testing.T, keys ...string) *prover {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var list strings.Builder
		for _, key := range keys {
			if strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
				list.WriteString("<Contents><Key>")
				_ = xml.EscapeText(&list, []byte(key))
				list.WriteString("</Key></Contents>")
			}
		}
		_, _ = io.WriteString(w, "<ListBucketResult>"+list.String()+"</ListBucketResult>")
	}))
	t.Cleanup(server.Close)
	p := &prover{org: declared(), directory: &directory{organization: &orgtypes.Organization{Id: aws.String("o-1")}}}
	a := &account{name: "audit", id: "222222222222", clients: newClients(config(server.URL, "us-west-2"))}
	p.archive = func() (archive, error) { return archive{account: a, bucket: "trails"}, nil }
	return p
}

func TestCheckDelivered(t *testing.T) {
	t.Parallel()
	const log = "CloudTrail/us-west-2/2026/01/31/111111111111_CloudTrail_us-west-2_20260131T0000Z_x.json.gz"
	for name, c := range map[string]struct {
		mode organization.TrailMode
		key  string
		err  string
	}{
		"the organization's trail": {organization.TrailOrganization, "AWSLogs/o-1/111111111111/" + log, ""},
		"the account's own":        {organization.TrailAccount, "AWSLogs/111111111111/" + log, ""},
		"of another trail":         {organization.TrailOrganization, "AWSLogs/111111111111/" + log, "no log below AWSLogs/o-1/111111111111/CloudTrail/"},
		"of another account":       {organization.TrailAccount, "AWSLogs/333333333333/" + log, "no log below AWSLogs/111111111111/CloudTrail/"},
		"a digest":                 {organization.TrailAccount, "AWSLogs/111111111111/CloudTrail-Digest/us-west-2/2026/01/31/x.json.gz", "no log below"},
		"a folder":                 {organization.TrailAccount, "AWSLogs/111111111111/CloudTrail/", "no log below"},
	} {
		p := audited(t, c.key)
		p.org.Audit.Trail = c.mode
		if err := p.checkDelivered(t.Context(), &account{name: "prod", id: "111111111111"}); !errorHas(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUndeliveredLogs checks that the proof of logs is left out only if the endpoint never
// delivers logs.
func TestUndeliveredLogs(t *testing.T) {
	t.Parallel()
	endpoint := "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		keys     []string
		endpoint *string
		mode     organization.TrailMode
		omitted  bool
	}{
		"AWS, without any yet": {nil, nil, organization.TrailOrganization, false},
		"an emulator":          {nil, &endpoint, organization.TrailOrganization, true},
		"one that delivers":    {[]string{"AWSLogs/o-1/1/CloudTrail/x.json.gz"}, &endpoint, organization.TrailOrganization, false},
		"no audit":             {nil, &endpoint, organization.TrailNone, false},
	} {
		p := audited(t, c.keys...)
		p.cfg.BaseEndpoint, p.org.Audit.Trail = c.endpoint, c.mode
		if got := p.undeliveredLogs(t.Context()); (got != "") != c.omitted {
			t.Errorf("%s: %q", name, got)
		}
	}
}
