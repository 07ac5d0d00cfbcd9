package state_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/state"
)

var tags = pulumi.ToStringMap(map[string]string{"Account": "prod"})

func TestStore(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("prod", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			s, err := state.NewStore(ctx, "state", &state.StoreArgs{
				Name: "acme-prod-state", AccountID: pulumi.String("123456789012"), Region: "us-west-2", Tags: tags,
			}, in)
			if err != nil {
				return err
			}
			ctx.Export("bucket", s.Bucket)
			ctx.Export("keyArn", s.KeyARN)
			ctx.Export("backendUrl", s.BackendURL)
			ctx.Export("secretsProvider", s.SecretsProvider)
			return nil
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		if n := len(result.Children(result.Resource(t, state.StoreType, "state"))); n != 9 {
			t.Errorf("%d children", n)
		}
		result.CheckProviders(t, "prod")
		result.CheckProtected(t)
		result.CheckPolicies(t)
		for _, typ := range []string{pulumitest.Bucket, pulumitest.Key} {
			if diff := cmp.Diff(map[string]any{"Account": "prod"}, result.Resource(t, typ, "state").At("tags")); diff != "" {
				t.Errorf("tags of %s: %s", typ, diff)
			}
		}
		bucket := result.Resource(t, pulumitest.Bucket, "state")
		if bucket.At("bucket") != "acme-prod-state-123456789012" || bucket.At("objectLockEnabled") != nil {
			t.Errorf("bucket is %v", bucket.Inputs)
		}
		rule := map[string]any{
			"id": "expire-old-versions", "status": "Enabled", "filter": map[string]any{},
			"noncurrentVersionExpiration":    map[string]any{"noncurrentDays": 90.0},
			"abortIncompleteMultipartUpload": map[string]any{"daysAfterInitiation": 7.0},
		}
		if diff := cmp.Diff([]any{rule}, result.Resource(t, pulumitest.BucketLifecycle, "state").At("rules")); diff != "" {
			t.Errorf("lifecycle: (-want +got)\n%s", diff)
		}
		key := "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-0000-0000-" + pulumitest.AccountID("state")
		want := map[string]any{
			"bucket":          "acme-prod-state-123456789012",
			"keyArn":          key,
			"backendUrl":      "s3://acme-prod-state-123456789012?region=us-west-2&awssdk=v2",
			"secretsProvider": "awskms:///" + key + "?region=us-west-2",
		}
		if preview {
			for k := range want {
				want[k] = pulumitest.Unknown
			}
		}
		if diff := cmp.Diff(want, result.Exports); diff != "" {
			t.Errorf("outputs: (-want +got)\n%s", diff)
		}
	})
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("prod", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			s, err := state.NewSecrets(ctx, "secrets", &state.SecretsArgs{
				Name: "acme-prod-secrets", AccountID: pulumi.String("123456789012"), Tags: tags,
			}, in)
			if err != nil {
				return err
			}
			ctx.Export("keyArn", s.KeyARN)
			return nil
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		want := []string{pulumitest.Alias + " secrets", pulumitest.Key + " secrets"}
		if diff := cmp.Diff(want, result.Children(result.Resource(t, state.SecretsType, "secrets"))); diff != "" {
			t.Errorf("children: %s", diff)
		}
		result.CheckProviders(t, "prod")
		result.CheckProtected(t)
		result.CheckPolicies(t)
		if got := result.Resource(t, pulumitest.Alias, "secrets").At("name"); got != "alias/acme-prod-secrets" {
			t.Errorf("alias is %v", got)
		}
		if (result.Exports["keyArn"] == pulumitest.Unknown) != preview {
			t.Errorf("outputs are %v", result.Exports)
		}
	})
}
