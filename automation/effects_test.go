package automation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestEffects says what the engine's events mean: of a resource that the engine calls
// deleted and that stays in AWS, and of one that is replaced while the old one stays, no
// loss.
func TestEffects(t *testing.T) {
	t.Parallel()
	s := (&Automation{}).stack(organization.Stack{Name: "master"}, &shared{})
	s.watcher.begin()
	state := func(retained, protected bool, inputs map[string]any) *apitype.StepEventStateMetadata {
		return &apitype.StepEventStateMetadata{ID: "id", Custom: true, RetainOnDelete: retained, Protect: protected, Inputs: inputs}
	}
	for _, m := range []apitype.StepEventMetadata{
		{Op: apitype.OpCreate, Type: "aws:organizations/account:Account", URN: "::new", New: state(true, true, nil)},
		{Op: apitype.OpDelete, Type: "aws:organizations/account:Account", URN: "::closed", Old: state(false, false, nil)},
		{Op: apitype.OpDelete, Type: "aws:organizations/account:Account", URN: "::kept", Old: state(true, false, nil)},
		{
			Op: apitype.OpUpdate, Type: "aws:organizations/account:Account", URN: "::moved",
			Old: state(true, true, map[string]any{"parentId": "ou-1"}), New: state(true, true, map[string]any{"parentId": "ou-2"}),
		},
		{Op: apitype.OpDelete, Type: "aws:iam/user:User", URN: "::ada", Old: state(false, false, nil)},
		{Op: apitype.OpReplace, Type: "aws:kms/key:Key", URN: "::secrets", Old: state(true, false, nil), New: state(true, false, nil)},
		{Op: apitype.OpDeleteReplaced, Type: "aws:kms/key:Key", URN: "::secrets", Old: state(true, false, nil)},
		{Op: apitype.OpReplace, Type: "aws:kms/key:Key", URN: "::state", Old: state(false, false, nil), New: state(false, false, nil)},
		{Op: apitype.OpDelete, Type: "aws:route53/zone:Zone", URN: "::zone", Old: state(false, true, nil)},
	} {
		m.URN = "urn:pulumi:master::coldstart::" + m.Type + m.URN
		s.watcher.started(m)
	}
	var result StackResult
	s.watcher.tell(&result)
	var got []string
	for _, e := range result.Effects() {
		got = append(got, string(e.Weight)+" "+e.Step.Name+": "+e.Says)
	}
	want := []string{
		"final new: Accounts are created. An account can't be deleted, and its address can't be used again.",
		"final closed: Accounts are closed. After 90 days AWS deletes what is in them, and their addresses stay taken.",
		"notable kept: Accounts leave coldstart. They stay in AWS as they are, and nobody looks after their guardrails, access and delegation.",
		"notable moved: Accounts move. The guardrails of the new place count for them.",
		"final ada: Users are deleted, with their passwords, access keys and MFA devices.",
		"notable secrets: Resources stay in AWS. Nobody looks after them any more.",
		"final state: Keys are deleted. What a key has encrypted can't be read any more.",
		"refused zone: Protected resources would be lost. `coldstart up` refuses that.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
