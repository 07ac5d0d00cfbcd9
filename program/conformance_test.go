package program_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// template is one of a conformance pack.
const template = "Parameters: {Days: {Type: String}}\nResources: {Keys: {Type: AWS::Config::ConfigRule}}\n"

// withPack returns the shipped organization with a conformance pack in two regions.
func withPack(t *testing.T, excluded ...string) *organization.Organization {
	t.Helper()
	return changed(t, func(o *organization.Organization) {
		o.Guardrails.Regions = []string{o.Region, "eu-central-1"}
		o.Security.Account, o.Security.Config = "security", organization.RecordDaily
		o.Security.ConformancePacks = map[string]organization.ConformancePack{
			"keys": {Template: template, Parameters: map[string]string{"Days": "90"}, Exclude: excluded},
		}
	})
}

// A pack is deployed in each region, after the recorders of the account that deploys it.
func TestConformancePacks(t *testing.T) {
	t.Parallel()
	org, w := withPack(t, "prod", "master", "999999999999"), nothing()
	w.up(t, org, named(t, org, organization.Master, "audit"))
	result := w.run(t, org, "security", false)
	for name, recorder := range map[string]string{"conformance-keys": "recorders", "conformance-keys-eu-central-1": "recorders-eu-central-1"} {
		pack := result.Resource(t, pulumitest.ConformancePack, name)
		if !pack.Waits(result.Resource(t, pulumitest.RecorderStatus, recorder)) {
			t.Errorf("%s doesn't wait for %s", name, recorder)
		}
		want := map[string]any{
			"name": org.Namespace + "-keys", "templateBody": template, "inputParameters": []any{map[string]any{"parameterName": "Days", "parameterValue": "90"}},
			"excludedAccounts": []any{"999999999999", pulumitest.MasterID, pulumitest.AccountID("prod")},
		}
		if diff := cmp.Diff(want, pack.Inputs); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// An account that the file doesn't declare, and in which AWS Config doesn't record, stops the run, unless all packs exclude it.
func TestUnrecordedAccounts(t *testing.T) {
	t.Parallel()
	const stranger, recorded, closed = "999999999999", "888888888888", "777777777777"
	org, w := withPack(t), nothing()
	w.up(t, org, named(t, org, organization.Master, "audit"))
	master, err := stackref.Decode[stackref.Master](organization.Master, w.stacks[organization.Master])
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]accountstate.Account{
		pulumitest.MasterID: {State: accountstate.Active}, closed: {State: accountstate.Closed}, recorded: {State: accountstate.Active},
		stranger: {State: accountstate.Active, Email: "old@acme.example"},
	}
	for _, a := range master.Accounts {
		states[a.ID] = accountstate.Account{State: accountstate.Active}
	}
	try := func(org *organization.Organization) *pulumitest.Result {
		answers := w.answers()
		answers["pulumi:pulumi:readStackResourceOutputs"] = func(map[string]any) (map[string]any, error) {
			return map[string]any{"outputs": map[string]any{}}, nil
		}
		settings := program.Unpaced(program.Settings{Dir: t.TempDir(), AWS: program.HasUnrecorded(map[string][]string{stranger: {"eu-central-1"}}, states)})
		return pulumitest.Run{Stack: "security", Preview: true, Answers: answers}.Do(t, program.For(org, settings))
	}
	checkError(t, "security", try(org), `the organization has account 999999999999 (old@acme.example), which the file doesn't declare, and AWS Config isn't known to record there in eu-central-1: `+
		`AWS can't deploy the conformance packs keys to it; declare the account, or write "999999999999" under exclude of these packs`)
	if result := try(withPack(t, stranger)); result.Err != nil {
		t.Error(result.Err)
	}
}
