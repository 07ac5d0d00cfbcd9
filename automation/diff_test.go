package automation

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/organization"
)

// secret is how the engine writes a secret in its events.
const secret = `{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}`

func TestDiff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step string
		want []PropertyDiff
	}{
		"a new resource is made from its inputs": {
			`{"op": "create", "new": {"inputs": {"__defaults": [], "name": "a", "tags": {"x.y": "1"}, "zoneId": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}}}`,
			[]PropertyDiff{
				{Path: "name", Kind: DiffAdd, New: "a"},
				{Path: `tags["x.y"]`, Kind: DiffAdd, New: "1"},
				{Path: "zoneId", Kind: DiffAdd, New: Unknown},
			},
		},
		"one that goes has no properties": {`{"op": "delete", "old": {"inputs": {"name": "a"}}}`, nil},
		"what Pulumi notes for itself isn't shown": {
			`{"op": "update", "old": {"inputs": {"__defaults": ["a"], "tags": {"a": "1"}}}, "new": {"inputs": {"__defaults": [], "tags": {"a": "1", "b": "2"}}},
				"detailedDiff": {"tags": {"diffKind": "update"}, "tags.b": {"diffKind": "add"}, "tagsAll": {"diffKind": "update"}, "tagsAll.b": {"diffKind": "add"}}}`,
			[]PropertyDiff{{Path: "tags.b", Kind: DiffAdd, New: "2"}},
		},
		"documents are compared by what is in them": {
			`{"op": "update",
				"old": {"inputs": {"policy": "{\"Statement\":[{\"Sid\":\"A\",\"Action\":[\"s3:Get*\",\"s3:List*\"]},{\"Sid\":\"B\",\"Action\":[\"x\"]}]}"}},
				"new": {"inputs": {"policy": "{\"Statement\":[{\"Sid\":\"New\",\"Action\":[\"y\"]},{\"Sid\":\"A\",\"Action\":[\"s3:Get*\",\"s3:List*\"]},{\"Sid\":\"B\",\"Action\":[\"z\",\"x\"]}]}"}}}`,
			[]PropertyDiff{
				{Path: "policy.Statement[0]", Kind: DiffAdd, New: map[string]any{"Sid": "New", "Action": []any{"y"}}},
				{Path: "policy.Statement[2].Action[0]", Kind: DiffAdd, New: "z"},
			},
		},
		"a list of one string in a policy is that string": {
			`{"op": "update",
				"old": {"inputs": {"policy": "{\"Statement\":[{\"Action\":[\"x\"],\"Resource\":\"*\"}]}"}},
				"new": {"inputs": {"policy": "{\"Statement\":[{\"Action\":\"x\",\"Resource\":[\"a\"]}]}"}}}`,
			[]PropertyDiff{{Path: "policy.Statement[0].Resource", Kind: DiffUpdate, Old: "*", New: []any{"a"}}},
		},
		"what replaces": {
			`{"op": "replace", "keys": ["bucket"], "old": {"inputs": {"bucket": "a", "tags": {"a": "1"}}}, "new": {"inputs": {"bucket": "b"}}}`,
			[]PropertyDiff{
				{Path: "bucket", Kind: DiffUpdate, Old: "a", New: "b", Replaces: true},
				{Path: "tags.a", Kind: DiffDelete, Old: "1"},
			},
		},
		"what replaces by its details": {
			`{"op": "replace", "old": {"inputs": {"a": [1]}}, "new": {"inputs": {"a": [2]}}, "detailedDiff": {"a[0]": {"diffKind": "update-replace"}}}`,
			[]PropertyDiff{{Path: "a[0]", Kind: DiffUpdate, Old: 1.0, New: 2.0, Replaces: true}},
		},
		"a secret that changes is named and not shown": {
			`{"op": "update", "old": {"inputs": {"value": ` + secret + `, "n": {"p": ` + secret + `}}}, "new": {"inputs": {"value": ` + secret + `, "n": {"p": ` + secret + `}}},
				"detailedDiff": {"value": {"diffKind": "update"}}}`,
			[]PropertyDiff{{Path: "value", Kind: DiffUpdate, Old: Secret, New: Secret}},
		},
		"a new secret": {
			`{"op": "create", "new": {"inputs": {"value": ` + secret + `}}}`,
			[]PropertyDiff{{Path: "value", Kind: DiffAdd, New: Secret}},
		},
		"a refresh compares what was read": {
			`{"op": "update",
				"old": {"inputs": {"trust": "{\"a\":1}", "tags": {}}, "outputs": {"trust": "{\"a\":1}", "tags": {}, "arn": "x", "tagsAll": {}}},
				"new": {"inputs": {"trust": "{\"a\":1}", "tags": {}}, "outputs": {"trust": "{\"a\":2}", "tags": {}, "arn": "y", "tagsAll": {"t": "1"}}},
				"detailedDiff": {"trust": {"diffKind": "update"}, "tagsAll.t": {"diffKind": "add"}}}`,
			[]PropertyDiff{{Path: "trust.a", Kind: DiffUpdate, Old: 1.0, New: 2.0}},
		},
		"what only AWS has": {
			`{"op": "update", "old": {"inputs": {"a": 1}, "outputs": {"status": "on"}}, "new": {"inputs": {"a": 1}, "outputs": {"status": "off"}}, "detailedDiff": {"status": {"diffKind": "update"}}}`,
			[]PropertyDiff{{Path: "status", Kind: DiffUpdate, Old: "on", New: "off"}},
		},
	} {
		var m apitype.StepEventMetadata
		if err := json.Unmarshal([]byte(c.step), &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, diffOf(m)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// A refresh's steps are noted when their outputs come, a replacement once.
func TestSteps(t *testing.T) {
	t.Parallel()
	s := (&Automation{}).stack(organization.Stack{Name: "prod"}, &shared{})
	s.watcher.begin()
	for _, e := range []struct {
		op   apitype.OpType
		urn  string
		done bool
	}{
		{apitype.OpRefresh, "role", false},
		{apitype.OpUpdate, "role", true},
		{apitype.OpRefresh, "key", false},
		{apitype.OpSame, "key", true},
		{apitype.OpCreateReplacement, "zone", false},
		{apitype.OpCreateReplacement, "zone", true},
		{apitype.OpReplace, "zone", false},
		{apitype.OpReplace, "zone", true},
		{apitype.OpDeleteReplaced, "zone", false},
		{apitype.OpCreate, "bucket", false},
	} {
		m := apitype.StepEventMetadata{Op: e.op, URN: "urn:pulumi:prod::coldstart::aws:iam/role:Role::" + e.urn}
		if e.done {
			s.watcher.finished(m, false)
		} else {
			s.watcher.started(m)
		}
	}
	var result StackResult
	s.watcher.tell(&result)
	var got []string
	for _, step := range result.Steps {
		got = append(got, step.Operation+" "+step.Name)
	}
	if diff := cmp.Diff([]string{"update role", "replace zone", "create bucket"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var left []string
	for _, r := range result.Unfinished {
		left = append(left, r.Name)
	}
	if diff := cmp.Diff([]string{"bucket", "zone"}, left); diff != "" {
		t.Errorf("unfinished (-want +got)\n%s", diff)
	}
}

// References to other stacks, and the providers of a preview that comes in by
// other roles, are no changes.
func TestUnworthy(t *testing.T) {
	t.Parallel()
	for planned, want := range map[bool]Changes{false: {"same": 2, "update": 2}, true: {"same": 3, "update": 1}} {
		options := Options{}
		if planned {
			options.PlanToken = func(context.Context) (string, error) { return "", nil }
		}
		s := (&Automation{options: options}).stack(organization.Stack{Name: "prod"}, &shared{})
		s.watcher.begin()
		for _, kind := range []string{"pulumi:providers:aws", "pulumi:pulumi:StackReference", "aws:iam/role:Role"} {
			m := apitype.StepEventMetadata{Op: apitype.OpUpdate, Type: kind, URN: "urn:pulumi:prod::coldstart::" + kind + "::x"}
			s.watcher.started(m)
			s.watcher.finished(m, false)
		}
		s.watcher.count(s.watcher.worthy(map[apitype.OpType]int{apitype.OpUpdate: 3, apitype.OpSame: 1}))
		var result StackResult
		s.watcher.tell(&result)
		if diff := cmp.Diff(want, result.Changes); diff != "" {
			t.Errorf("planned %t (-want +got)\n%s", planned, diff)
		}
		if len(result.Steps) != want["update"] {
			t.Errorf("planned %t: %d steps", planned, len(result.Steps))
		}
	}
}
