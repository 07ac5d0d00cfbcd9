package program_test

import (
	"testing"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// What AWS has made a member of Inspector's administrator by itself is taken over, in the region where it is one. A closed account, which
// AWS refuses, is left out.
func TestInspectorMembers(t *testing.T) {
	t.Parallel()
	org := changed(t, func(o *organization.Organization) {
		o.Guardrails.Regions = []string{o.Region, "eu-central-1"}
		o.Security.Account, o.Security.Inspector = "security", &organization.Inspector{Scans: []string{"ECR"}}
	})
	w := nothing()
	w.up(t, org, named(t, org, organization.Master))
	master, err := stackref.Decode[stackref.Master](organization.Master, w.stacks[organization.Master])
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]accountstate.Account{}
	for name, a := range master.Accounts {
		states[a.ID] = accountstate.Account{State: accountstate.Active}
		if name == "dev" {
			states[a.ID] = accountstate.Account{State: accountstate.Closed}
		}
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		aws := program.HasInspected(map[string][]string{"eu-central-1": {master.Accounts["prod"].ID}}, states)
		answers := w.answers()
		answers["pulumi:pulumi:readStackResourceOutputs"] = func(map[string]any) (map[string]any, error) {
			return map[string]any{"outputs": map[string]any{}}, nil
		}
		settings := program.Unpaced(program.Settings{Dir: t.TempDir(), AWS: aws})
		result := pulumitest.Run{Stack: "security", Preview: preview, Answers: answers}.Do(t, program.For(org, settings))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		for name, want := range map[string]string{"inspector-prod": "", "inspector-eu-central-1-prod": master.Accounts["prod"].ID, "inspector-eu-central-1-master": ""} {
			if got := result.Resource(t, pulumitest.InspectorMember, name).ImportID; got != want {
				t.Errorf("%s is imported by %q, not %q", name, got, want)
			}
		}
		for _, r := range result.Resources {
			if r.Name == "inspector-dev" || r.Name == "inspector-eu-central-1-dev" {
				t.Errorf("%s %s is declared, and its account is closed", r.Type, r.Name)
			}
		}
	})
}
