package proof

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestUndeclaredUsers finds IAM users beside those for emergencies, where nobody else is to have one.
func TestUndeclaredUsers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<ListUsersResponse><ListUsersResult><Users><member><UserName>one</UserName></member><member><UserName>eve</UserName></member></Users></ListUsersResult></ListUsersResponse>`)
	}))
	t.Cleanup(server.Close)
	org := declared()
	org.Access.Account, org.Users = "prod", map[string]organization.User{"one": {Emergency: true}, "eve": {}}
	for _, c := range []struct {
		people  organization.People
		account string
		want    []string
	}{
		{organization.PeopleIdentityCenter, "prod", []string{"IAM user eve isn't one of those for emergencies"}},
		{organization.PeopleIdentityCenter, "audit", nil},
		{organization.PeopleBoth, "prod", nil},
	} {
		org.Access.People = c.people
		got, err := (&prover{org: org}).undeclaredUsers(t.Context(), &account{name: c.account, clients: newClients(config(server.URL, "us-west-2"))})
		if err != nil || !slices.Equal(foundBy(got), c.want) {
			t.Errorf("%s, account %s: %q, %v, not %q", c.people, c.account, foundBy(got), err, c.want)
		}
	}
}

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
