package state_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/state"
)

// TestFacts writes a checkpoint as Pulumi reads it. That Pulumi does is for the
// end-to-end tests to show.
func TestFacts(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("prod", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			store, err := state.NewStore(ctx, "state", &state.StoreArgs{
				Name: "acme-prod-state", AccountID: pulumi.String("123456789012"), Region: "us-west-2", Tags: tags,
			}, in)
			if err != nil {
				return err
			}
			facts, err := state.NewFacts(ctx, "facts", &state.FactsArgs{
				Account: "prod", Store: store, Tags: tags,
				Values: map[string]pulumi.StringInput{"zoneName": pulumi.String("<prod> & co"), "bucket": store.Bucket, "network": pulumi.String("")},
			}, in)
			if err != nil {
				return err
			}
			ctx.Export("stack", pulumi.String(facts.Stack))
			return nil
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		result.CheckProviders(t, "prod")
		object := result.Resource(t, pulumitest.BucketObject, "facts")
		if object.Protect || result.Exports["stack"] != "organization/coldstart-account/prod" {
			t.Errorf("facts are %+v, exported %v", object, result.Exports)
		}
		if preview {
			if object.At("content") != pulumitest.Unknown {
				t.Errorf("a preview knows %v", object.At("content"))
			}
			return
		}
		var versioned apitype.VersionedCheckpoint
		var checkpoint apitype.CheckpointV3
		if err := json.Unmarshal([]byte(object.At("content").(string)), &versioned); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(versioned.Checkpoint, &checkpoint); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"zoneName": "<prod> & co", "bucket": "acme-prod-state-123456789012", "network": ""}
		if diff := cmp.Diff(want, checkpoint.Latest.Resources[0].Outputs); diff != "" || versioned.Version != 3 {
			t.Errorf("version %d (-want +got)\n%s", versioned.Version, diff)
		}
	})
}
