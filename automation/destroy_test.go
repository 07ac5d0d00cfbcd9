package automation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// TestZonesThatStay names zones that somebody else has made, and keeps the delegation
// between two of them: without it nobody finds the names in the one below.
func TestZonesThatStay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what       string
		zone, apex bool // whether it was taken over
		want       []string
	}{
		{"two of others", true, true, []string{
			"zone app.acme.example (Z1) with the records of others, since coldstart hasn't made the zone", "delegation of app.acme.example, since both zones stay",
		}},
		{"one below coldstart's", true, false, []string{"zone app.acme.example (Z1) with the records of others, since coldstart hasn't made the zone"}},
		{"coldstart's below another", false, true, nil},
		{"two of coldstart's", false, false, nil},
	} {
		entry := func(kind, name, id, domain string, retained bool) apitype.ResourceV3 {
			return apitype.ResourceV3{
				URN: resource.URN("urn:pulumi:app::coldstart::" + kind + "::" + name), Type: tokens.Type(kind), Custom: true, ID: resource.ID(id),
				Inputs: map[string]any{"name": domain}, RetainOnDelete: retained,
			}
		}
		state := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
			entry(awstype.Route53Zone, "zone", "Z1", "app.acme.example", c.zone),
			entry(awstype.Route53Record, "delegation", "Z0_app.acme.example_NS", "app.acme.example", false),
			entry(awstype.Route53Record, "local", "Z0_local.acme.example_A", "local.acme.example", false),
		}}
		keepDelegation(state, func() bool { return c.apex })
		var kept []string
		for _, r := range state.Resources {
			if said := staying(r, ""); said != "" && r.RetainOnDelete {
				kept = append(kept, said)
			}
		}
		if diff := cmp.Diff(c.want, kept); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.what, diff)
		}
	}
}
