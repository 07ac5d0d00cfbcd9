package security_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/security"
)

// TestConfig records in two regions, and IAM in one. A recorder has a channel before it is on.
func TestConfig(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("app", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			elsewhere, err := aws.NewProvider(ctx, "elsewhere", &aws.ProviderArgs{})
			if err != nil {
				return err
			}
			_, err = security.NewConfig(ctx, "recorders", &security.ConfigArgs{
				Bucket: pulumi.String("acme-audit-config-111111111111"), KeyARN: pulumi.String("arn:aws:kms:us-west-2:111111111111:key/k"),
				Recording: organization.RecordDaily, Region: "us-west-2", Others: []security.Region{{Name: "eu-west-1", Provider: elsewhere}},
			}, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		role := result.Resource(t, pulumitest.ServiceLinkedRole, "recorders")
		for name, want := range map[string][]any{"recorders": {"app", true}, "recorders-eu-west-1": {"elsewhere", false}} {
			recorder, channel, on := result.Resource(t, pulumitest.Recorder, name), result.Resource(t, pulumitest.DeliveryChannel, name), result.Resource(t, pulumitest.RecorderStatus, name)
			if got := []any{recorder.Provider, recorder.At("recordingGroup", "includeGlobalResourceTypes")}; !slices.Equal(got, want) || channel.Provider != want[0] || on.Provider != want[0] {
				t.Errorf("%s is %v, not %v", name, got, want)
			}
			if recorder.At("recordingMode", "recordingFrequency") != "DAILY" || recorder.At("recordingGroup", "allSupported") != true || on.At("isEnabled") != true {
				t.Errorf("%s is %v", name, recorder.Inputs)
			}
			if !recorder.Waits(role) || !channel.Waits(recorder) || !on.Waits(channel) {
				t.Errorf("%s waits for %v, its channel for %v, and what turns it on for %v", name, recorder.DependsOn, channel.DependsOn, on.DependsOn)
			}
		}
	})
}
