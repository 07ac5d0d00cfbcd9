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
