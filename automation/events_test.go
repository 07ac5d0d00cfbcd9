package automation

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// What a first attempt has made is the same to the second one.
func TestCountsOnce(t *testing.T) {
	t.Parallel()
	w := watcher{changes: map[string]int{}}
	w.count(map[apitype.OpType]int{apitype.OpSame: 2, apitype.OpCreate: 30})
	w.count(map[apitype.OpType]int{apitype.OpSame: 32, apitype.OpCreate: 7, apitype.OpDelete: 1})
	w.count(map[apitype.OpType]int{apitype.OpSame: 39})
	if diff := cmp.Diff(map[string]int{"same": 2, "create": 37, "delete": 1}, w.changes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A refresh that finds a resource as it was tells nothing, whatever Pulumi says of inputs that an earlier refresh has lost.
func TestRefreshedAlike(t *testing.T) {
	t.Parallel()
	state := func(read string) *apitype.StepEventStateMetadata {
		return &apitype.StepEventStateMetadata{Inputs: map[string]any{"a": "lost"}, Outputs: map[string]any{"a": read}}
	}
	for _, c := range []struct {
		refreshes bool
		read      string
		ignored   bool
	}{{true, "as it was", true}, {true, "changed", false}, {false, "as it was", false}} {
		w := watcher{refreshes: c.refreshes}
		m := apitype.StepEventMetadata{Op: apitype.OpUpdate, Type: "aws:cloudtrail/trail:Trail", Old: state("as it was"), New: state(c.read)}
		if got := w.ignores(m); got != c.ignored {
			t.Errorf("%+v: ignored %t", c, got)
		}
	}
}

func TestPasses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"cannot assume IAM Role: role arn:… cannot be assumed":                                                               true,
		"operation error KMS: GetKeyPolicy, decomposing response: read tcp 127.0.0.1:1->…: use of closed network connection": true,
		"User: arn:… is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:…":                         false,
		"EntityAlreadyExists: Role with name acme-prod-admin already exists.":                                                false,
	} {
		if got := passes(errors.New(text)); got != want {
			t.Errorf("%s: passes %t", text, got)
		}
	}
}
