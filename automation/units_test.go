package automation

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// What leaves the state and stays in AWS is no deletion, also if something else replaces
// it there.
func TestRetained(t *testing.T) {
	t.Parallel()
	w := watcher{stack: &stack{shared: &shared{events: newQueue(nil)}}}
	w.reset()
	w.begin()
	step := func(op apitype.OpType, name string, retain bool) apitype.StepEventMetadata {
		return apitype.StepEventMetadata{
			Op: op, URN: "urn:pulumi:master::coldstart::" + awstype.OrganizationsOrganizationalUnit + "::" + name, Type: awstype.OrganizationsOrganizationalUnit,
			Old: &apitype.StepEventStateMetadata{Custom: true, RetainOnDelete: retain, ID: "ou-" + name},
		}
	}
	for _, m := range []apitype.StepEventMetadata{
		step(apitype.OpDelete, "deleted", false), step(apitype.OpDelete, "left", true),
		step(apitype.OpReplace, "replaced", true), step(apitype.OpCreateReplacement, "replaced", true), step(apitype.OpDeleteReplaced, "replaced", true),
		step(apitype.OpDeleteReplaced, "gone", false),
	} {
		w.started(m)
		w.finished(m, false)
	}
	got := Changes{}
	for op, n := range w.worthy(map[apitype.OpType]int{apitype.OpDelete: 2, apitype.OpReplace: 2}) {
		got[string(op)] = n
	}
	if diff := cmp.Diff(Changes{"delete": 1, "replace": 2, "retain": 2}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var steps []string
	for _, s := range w.steps {
		steps = append(steps, s.Operation+" "+s.ID)
	}
	if diff := cmp.Diff([]string{"delete ou-deleted", "retain ou-left", "replace ou-replaced", "retain ou-replaced"}, steps); diff != "" {
		t.Errorf("steps (-want +got)\n%s", diff)
	}
}

// Units that hold anything that the state doesn't have stay when their stack is
// destroyed, whatever was noted when they were made; others go.
func TestKeepUnits(t *testing.T) {
	t.Parallel()
	below := map[string][]string{"ou-a": {"ou-b"}, "ou-b": {"ou-c"}, "ou-d": {"ou-foreign"}, "ou-e": {"ou-f"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ ParentID string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		out := map[string]any{"Accounts": []any{}, "OrganizationalUnits": []any{}}
		switch {
		case in.ParentID == "ou-refused":
			w.WriteHeader(http.StatusBadRequest)
			out["__type"] = "AccessDeniedException"
		case in.ParentID == "ou-c" && strings.HasSuffix(r.Header.Get("X-Amz-Target"), "ListAccountsForParent"):
			out["Accounts"] = []any{map[string]any{"Id": "1"}}
		default:
			all := []any{}
			for _, id := range below[in.ParentID] {
				all = append(all, map[string]any{"Id": id})
			}
			out["OrganizationalUnits"] = all
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(server.Close)
	unit := func(id, parent string, retain bool) apitype.ResourceV3 {
		return apitype.ResourceV3{
			URN: resource.URN("urn:pulumi:master::coldstart::" + awstype.OrganizationsOrganizationalUnit + "::" + id), Type: awstype.OrganizationsOrganizationalUnit, Custom: true, ID: resource.ID(id),
			Inputs: map[string]any{"parentId": parent, "name": id}, RetainOnDelete: retain,
		}
	}
	d := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		unit("ou-a", "r-1", false), unit("ou-b", "ou-a", true), unit("ou-c", "ou-b", false), unit("ou-d", "r-1", false),
		unit("ou-e", "r-1", true), unit("ou-f", "ou-e", true), unit("ou-refused", "r-1", false),
	}}
	f := newFinder(map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
	}, d, nil)
	f.keepUnits(t.Context())
	kept := func() (ids []string) {
		for _, r := range d.Resources {
			if r.RetainOnDelete {
				ids = append(ids, string(r.ID))
			}
		}
		return ids
	}
	if diff := cmp.Diff([]string{"ou-a", "ou-b", "ou-c", "ou-d", "ou-refused"}, kept()); diff != "" {
		t.Errorf("kept (-want +got)\n%s", diff)
	}
	if !releaseUnits(d) || len(kept()) > 0 || releaseUnits(d) {
		t.Errorf("units are left in AWS: %v", slices.Clone(kept()))
	}
}
