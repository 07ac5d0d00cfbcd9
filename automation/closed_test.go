package automation

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// What was to be reached is reached: an account whose closing failed and that is closed
// all the same leaves the state, by whoever it was closed.
func TestForgetClosed(t *testing.T) {
	t.Parallel()
	for state, forgets := range map[string]bool{
		"PENDING_CLOSURE": true, "CLOSED": true, "SUSPENDED": true, "not in the organization any more": true,
		"ACTIVE": false, "PENDING_ACTIVATION": false, "": false,
	} {
		w := &watcher{}
		old := func(id string) *apitype.StepEventStateMetadata { return &apitype.StepEventStateMetadata{ID: id} }
		w.failed = []apitype.StepEventMetadata{
			{Op: apitype.OpDelete, URN: "urn:pulumi:m::c::" + awstype.OrganizationsAccount + "::app", Type: awstype.OrganizationsAccount, Old: old("1")},
			{Op: apitype.OpUpdate, URN: "urn:pulumi:m::c::" + awstype.OrganizationsAccount + "::lab", Type: awstype.OrganizationsAccount, Old: old("2")},
			{Op: apitype.OpDelete, URN: "urn:pulumi:m::c::" + awstype.Route53Zone + "::zone", Type: awstype.Route53Zone, Old: old("Z")},
		}
		d := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
			{URN: "urn:pulumi:m::c::" + awstype.OrganizationsAccount + "::app", ID: "1"},
			{URN: "urn:pulumi:m::c::" + awstype.OrganizationsAccount + "::lab", ID: "2", Dependencies: []resource.URN{"urn:pulumi:m::c::" + awstype.OrganizationsAccount + "::app"}},
		}}
		n, err := forgetClosed(d, w.unclosed(), func(r apitype.ResourceV3) (string, error) {
			if r.ID != "1" {
				t.Errorf("looks at %s", r.ID)
			}
			return state, nil
		}, func(string, ...any) {})
		want := map[bool][]int{true: {1, 1, 0}, false: {0, 2, 1}}[forgets]
		if diff := cmp.Diff(want, []int{n, len(d.Resources), len(d.Resources[len(d.Resources)-1].Dependencies)}); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", state, err, diff)
		}
	}
	denied := errors.New("denied")
	if _, err := forgetClosed(&apitype.DeploymentV3{}, []apitype.ResourceV3{{}}, func(apitype.ResourceV3) (string, error) { return "", denied }, nil); !errors.Is(err, denied) {
		t.Errorf("got %v", err)
	}
}
