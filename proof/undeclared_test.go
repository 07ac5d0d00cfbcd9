package proof

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestForeignTrails checks that trails of other home regions are found, that an organization's trail isn't a
// member's own, and that a trail of coldstart's name elsewhere is somebody else's.
func TestForeignTrails(t *testing.T) {
	t.Parallel()
	const trails = `
		{"Name":"acme-prod-trail","TrailARN":"arn:aws:cloudtrail:us-west-2:2:trail/acme-prod-trail","HomeRegion":"us-west-2","S3BucketName":"logs"},
		{"Name":"all","TrailARN":"arn:aws:cloudtrail:us-west-2:1:trail/all","HomeRegion":"us-west-2","S3BucketName":"logs","IsOrganizationTrail":true},
		{"Name":"here","TrailARN":"arn:aws:cloudtrail:us-west-2:2:trail/here","HomeRegion":"us-west-2","S3BucketName":"theirs"}`
	const shadows = `,
		{"Name":"elsewhere","TrailARN":"arn:aws:cloudtrail:eu-west-1:2:trail/elsewhere","HomeRegion":"eu-west-1","IsMultiRegionTrail":true,"S3BucketName":"theirs"},
		{"Name":"acme-prod-trail","TrailARN":"arn:aws:cloudtrail:eu-west-1:2:trail/acme-prod-trail","HomeRegion":"eu-west-1","IsMultiRegionTrail":true,"S3BucketName":"theirs"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		list := trails
		if !strings.Contains(string(body), `"includeShadowTrails":false`) {
			list += shadows
		}
		_, _ = io.WriteString(w, `{"trailList":[`+list+`]}`)
	}))
	t.Cleanup(server.Close)
	p := &prover{org: declared()}
	got, err := p.foreignTrails(t.Context(), &account{name: "prod", id: "2", clients: newClients(config(server.URL, "us-west-2"))})
	want := []string{
		"trail here writes to bucket theirs",
		"trail elsewhere of eu-west-1 writes to bucket theirs",
		"trail acme-prod-trail of eu-west-1 writes to bucket theirs",
	}
	if err != nil || !slices.Equal(foundBy(got), want) {
		t.Errorf("%q, %v, not %q", foundBy(got), err, want)
	}
}
