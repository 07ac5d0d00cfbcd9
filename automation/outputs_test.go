package automation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func TestOutputsInState(t *testing.T) {
	t.Parallel()
	kept := map[string]any{resource.SigKey: resource.SecretSig, "ciphertext": "v1:x"}
	got := outputsIn(&apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		{Type: "aws:s3/bucketV2:BucketV2", Outputs: map[string]any{"bucket": "b"}},
		{Type: resource.RootStackType, Outputs: map[string]any{
			"zoneId": "Z1", "password": kept,
			"people": []any{map[string]any{"name": "ada", "key": kept}}, "count": 2.0,
		}},
	}})
	want := map[string]any{
		"zoneId": "Z1", "password": "[secret]",
		"people": []any{map[string]any{"name": "ada", "key": "[secret]"}}, "count": 2.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got)\n%s", diff)
	}
	if got := outputsIn(&apitype.DeploymentV3{}); len(got) != 0 {
		t.Errorf("a stack that never ran has outputs: %v", got)
	}
}
