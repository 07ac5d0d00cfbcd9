package automation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/organization"
)

// What failed to be created without AWS's saying no may be there nevertheless.
func TestLostCreations(t *testing.T) {
	t.Parallel()
	s := (&Automation{}).stack(organization.Stack{Name: "prod"}, &shared{})
	s.watcher.begin()
	for _, c := range []struct {
		name, failure string
		op            apitype.OpType
		inputs        map[string]any
	}{
		{"no-answer", "PutParameter, https response error StatusCode: 200, decomposing response: use of closed network connection", apitype.OpCreate, map[string]any{"name": "a"}},
		{"broken", "InternalFailure, StatusCode: 500", apitype.OpCreateReplacement, nil},
		{"refused", "CreateRole, https response error StatusCode: 403, AccessDenied", apitype.OpCreate, nil},
		{"not-new", "use of closed network connection", apitype.OpUpdate, nil},
		{"made-twice", "CreateRole, https response error StatusCode: 409, EntityAlreadyExists: Role with name a already exists.", apitype.OpCreate, nil},
		{"refused-later", "waiting for AWS Organizations Account (a) create: unexpected state 'FAILED', wanted target 'SUCCEEDED'. last error: ACCOUNT_LIMIT_EXCEEDED", apitype.OpCreate, nil},
		{"asked-twice", "waiting for AWS Organizations Account (a) create: unexpected state 'FAILED', wanted target 'SUCCEEDED'. last error: CONCURRENT_ACCOUNT_MODIFICATION", apitype.OpCreate, nil},
		{"somebody-else's", "CreateBucket, https response error StatusCode: 409, BucketAlreadyExists", apitype.OpCreate, nil},
		{"secret", "connection reset by peer", apitype.OpCreate, map[string]any{"nested": []any{map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}}}},
	} {
		urn := "urn:pulumi:prod::coldstart::aws:ssm/parameter:Parameter::" + c.name
		m := apitype.StepEventMetadata{Op: c.op, URN: urn, New: &apitype.StepEventStateMetadata{URN: urn, Type: "aws:ssm/parameter:Parameter", Custom: true, Inputs: c.inputs}}
		for _, e := range []apitype.EngineEvent{
			{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: m}},
			{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "error", URN: urn, Message: c.failure}},
		} {
			s.watcher.handle(events.EngineEvent{EngineEvent: e})
		}
	}
	var got []string
	for _, r := range s.watcher.lostCreations() {
		name := r.URN.Name()
		if r.exists {
			name += " exists"
		}
		got = append(got, name)
	}
	if diff := cmp.Diff([]string{"no-answer", "broken", "made-twice exists", "asked-twice exists"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
