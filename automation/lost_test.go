package automation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

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
		m := apitype.StepEventMetadata{Op: c.op, URN: urn, Type: "aws:ssm/parameter:Parameter", Old: &apitype.StepEventStateMetadata{}, New: &apitype.StepEventStateMetadata{URN: urn, Type: "aws:ssm/parameter:Parameter", Custom: true, Inputs: c.inputs}}
		for _, e := range []apitype.EngineEvent{
			{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: m}},
			{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "error", URN: urn, Message: c.failure}},
		} {
			s.watcher.handle(events.EngineEvent{EngineEvent: e})
		}
	}
	s.watcher.handle(events.EngineEvent{EngineEvent: apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{
		Severity: "error", URN: "urn:pulumi:prod::coldstart::coldstart:dns:Delegation$aws:route53/record:Record::delegation",
		Message: "unable to replace resource \"…\"\nas it is currently marked for protection. To unprotect the resource, …",
	}}})
	var changes []string
	for _, c := range s.watcher.failedChanges() {
		changes = append(changes, c.urn.Name())
	}
	// A half of any of them may have been done, even where AWS refused the other; and
	// what the engine didn't try may be gone.
	if want := 10; len(changes) != want {
		t.Errorf("%d changes failed, not %d: %q", len(changes), want, changes)
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

const (
	organizationURN = resource.URN("urn:pulumi:master::coldstart::aws:organizations/organization:Organization::organization")
	policyURN       = resource.URN("urn:pulumi:master::coldstart::aws:organizations/policy:Policy::p")
)

// What is read back before Pulumi is asked for it again.
func TestUnread(t *testing.T) {
	t.Parallel()
	at := func(name string, change func(*apitype.ResourceV3)) apitype.ResourceV3 {
		r := apitype.ResourceV3{URN: resource.URN("urn:pulumi:a::coldstart::aws:iam/role:Role::" + name), Type: "aws:iam/role:Role", Outputs: map[string]any{"id": "1"}}
		change(&r)
		return r
	}
	none := func(*apitype.ResourceV3) {}
	d := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		at("settled", none), at("found", func(r *apitype.ResourceV3) { r.Outputs = nil }),
		at("half", func(r *apitype.ResourceV3) { r.InitErrors = []string{"no"} }),
		at("updating", none), at("deleting", none), at("reading", none), at("failed", none),
		at("twice", none), at("twice", func(r *apitype.ResourceV3) { r.Delete = true }),
		{URN: "urn:pulumi:a::coldstart::pulumi:providers:aws::own", Type: "pulumi:providers:aws"},
	}}
	for name, kind := range map[string]apitype.OperationType{
		"updating": apitype.OperationTypeUpdating, "deleting": apitype.OperationTypeDeleting, "reading": apitype.OperationTypeReading,
		"gone": apitype.OperationTypeDeleting, "twice": apitype.OperationTypeDeleting,
	} {
		d.PendingOperations = append(d.PendingOperations, apitype.OperationV2{Type: kind, Resource: at(name, none)})
	}
	var got []string
	failed := []failedChange{{urn: at("failed", none).URN}, {urn: at("never-made", none).URN}, {urn: at("settled-again", none).URN, deletion: true}}
	for _, r := range unread(d, failed) {
		got = append(got, r.URN.Name())
	}
	for name, want := range map[string]bool{"deleting": true, "settled-again": true, "updating": false, "failed": false} {
		if got := deleting(d, failed, at(name, none).URN); got != want {
			t.Errorf("%s is being deleted: %t", name, got)
		}
	}
	if diff := cmp.Diff([]string{"found", "half", "updating", "deleting", "failed", "twice"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A failed change is tried again at once if AWS has carried out something of it.
func TestMoved(t *testing.T) {
	t.Parallel()
	organization := func(types ...any) apitype.ResourceV3 {
		return apitype.ResourceV3{URN: organizationURN, ID: "o-1", Inputs: map[string]any{"enabledPolicyTypes": types, "__defaults": []any{}}}
	}
	secret := map[string]any{resource.SigKey: resource.SecretSig}
	for name, c := range map[string]struct {
		change failedChange
		state  []apitype.ResourceV3
		want   bool
	}{
		"refused":             {failedChange{urn: organizationURN, id: "o-1", before: map[string]any{"enabledPolicyTypes": []any{"A"}}}, []apitype.ResourceV3{organization("A")}, false},
		"carried out":         {failedChange{urn: organizationURN, id: "o-1", before: map[string]any{"enabledPolicyTypes": []any{"A"}}}, []apitype.ResourceV3{organization("A", "B")}, true},
		"added":               {failedChange{urn: organizationURN, id: "o-1", before: map[string]any{}}, []apitype.ResourceV3{organization("A")}, true},
		"taken away":          {failedChange{urn: organizationURN, id: "o-1", before: map[string]any{"enabledPolicyTypes": []any{"A"}, "x": 1.0}}, []apitype.ResourceV3{organization("A")}, true},
		"a secret, unread":    {failedChange{urn: organizationURN, id: "o-1", before: map[string]any{"enabledPolicyTypes": []any{"A"}, "x": secret}}, []apitype.ResourceV3{organization("A")}, false},
		"gone meanwhile":      {failedChange{urn: organizationURN, id: "o-1", before: map[string]any{}}, nil, true},
		"deleted":             {failedChange{urn: policyURN, id: "p-1", deletion: true}, []apitype.ResourceV3{organization()}, true},
		"not deleted":         {failedChange{urn: policyURN, id: "p-1", deletion: true}, []apitype.ResourceV3{{URN: policyURN, ID: "p-1"}}, false},
		"deleted, replaced":   {failedChange{urn: policyURN, id: "p-1", deletion: true}, []apitype.ResourceV3{{URN: policyURN, ID: "p-2"}}, true},
		"created":             {failedChange{urn: policyURN}, []apitype.ResourceV3{{URN: policyURN, ID: "p-1"}}, true},
		"not created":         {failedChange{urn: policyURN}, []apitype.ResourceV3{organization()}, false},
		"replacement created": {failedChange{urn: policyURN, id: "p-1"}, []apitype.ResourceV3{{URN: policyURN, ID: "p-2"}, {URN: policyURN, ID: "p-1", Delete: true}}, true},
		"replacement refused": {failedChange{urn: policyURN, id: "p-1"}, []apitype.ResourceV3{{URN: policyURN, ID: "p-1"}}, false},
		"protected":           {failedChange{urn: policyURN, protected: true}, []apitype.ResourceV3{{URN: policyURN, ID: "p-1"}}, false},
		"protected, and gone": {failedChange{urn: policyURN, protected: true}, []apitype.ResourceV3{organization()}, true},
	} {
		if got := c.change.moved(&apitype.DeploymentV3{Resources: c.state}); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// What was found in AWS stands in the state once, and what it replaces is still to be
// deleted.
func TestTake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, want []apitype.ResourceV3 }{
		"new":                    {nil, []apitype.ResourceV3{{URN: policyURN, ID: "p-2"}}},
		"known":                  {[]apitype.ResourceV3{{URN: policyURN, ID: "p-2"}}, []apitype.ResourceV3{{URN: policyURN, ID: "p-2"}}},
		"in place of a live one": {[]apitype.ResourceV3{{URN: policyURN, ID: "p-1"}}, []apitype.ResourceV3{{URN: policyURN, ID: "p-2"}, {URN: policyURN, ID: "p-1", Delete: true}}},
		"in place of one that is deleted already": {
			[]apitype.ResourceV3{{URN: policyURN, ID: "p-1", PendingReplacement: true}}, []apitype.ResourceV3{{URN: policyURN, ID: "p-2"}},
		},
		"beside one that is to be deleted": {
			[]apitype.ResourceV3{{URN: policyURN, ID: "p-1", Delete: true}}, []apitype.ResourceV3{{URN: policyURN, ID: "p-1", Delete: true}, {URN: policyURN, ID: "p-2"}},
		},
	} {
		d := &apitype.DeploymentV3{Resources: c.before}
		take(d, apitype.ResourceV3{URN: policyURN, ID: "p-2"})
		if diff := cmp.Diff(c.want, d.Resources); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// A state that has nothing to put right isn't exported; one that has, or that only
// Pulumi can read, is.
func TestSettled(t *testing.T) {
	t.Parallel()
	const (
		root = `{"urn":"urn:pulumi:prod::coldstart::pulumi:pulumi:Stack::coldstart-prod","type":"pulumi:pulumi:Stack","outputs":{"accountId":"1"}}`
		role = `{"urn":"urn:pulumi:prod::coldstart::aws:iam/role:Role::r","type":"aws:iam/role:Role","custom":true,"id":"r","outputs":{"arn":"a"}`
	)
	for name, c := range map[string]struct {
		latest              string
		settled, unfinished bool
	}{
		"never run":    {``, true, true},
		"finished":     {`"resources":[` + root + `,` + role + `}]`, true, false},
		"cut short":    {`"resources":[` + role + `}]`, true, true},
		"under way":    {`"resources":[` + root + `],"pending_operations":[{"type":"creating","resource":` + role + `}}]`, false, false},
		"failed":       {`"resources":[` + root + `,` + role + `,"initErrors":["no"]}]`, false, false},
		"never read":   {`"resources":[` + root + `,{"urn":"urn:pulumi:prod::coldstart::aws:iam/role:Role::r","type":"aws:iam/role:Role","custom":true,"id":"r"}]`, false, false},
		"half-written": {`"resources":[`, false, false},
	} {
		dir := t.TempDir()
		stacks := filepath.Join(dir, ".pulumi", "stacks", "coldstart")
		if err := os.MkdirAll(stacks, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(stacks, "prod.json"), []byte(`{"version":3,"checkpoint":{"latest":{`+c.latest+`}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		a := &Automation{options: Options{Dir: dir, Env: map[string]string{"PULUMI_BACKEND_URL": "file://" + filepath.ToSlash(dir)}}}
		s := a.stack(organization.Stack{Name: "prod"}, &shared{})
		if got := s.settled(t.Context()); got != c.settled || got && s.unfinished != c.unfinished {
			t.Errorf("%s: settled: %t, unfinished: %t", name, got, s.unfinished)
		}
	}
}
