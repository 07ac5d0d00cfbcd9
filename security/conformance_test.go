package security_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/security"
)

func TestConformancePack(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("security", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			elsewhere, err := aws.NewProvider(ctx, "elsewhere", &aws.ProviderArgs{})
			if err != nil {
				return err
			}
			recorder, err := sns.NewTopic(ctx, "recorder", nil, in)
			if err != nil {
				return err
			}
			_, err = security.NewConformancePack(ctx, "conformance-keys", &security.ConformancePackArgs{
				Name: "acme-keys", Template: "Resources: {}", Parameters: map[string]string{"b": "2", "a": "1"}, Excluded: []pulumi.StringInput{pulumi.String("111111111111")},
				Others: []security.Region{{Name: "us-east-1", Provider: elsewhere}}, After: []pulumi.Resource{recorder},
			}, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		for name, provider := range map[string]string{"conformance-keys": "security", "conformance-keys-us-east-1": "elsewhere"} {
			pack := result.Resource(t, pulumitest.ConformancePack, name)
			if pack.Provider != provider || !pack.Waits(result.Resource(t, pulumitest.Topic, "recorder")) || pack.At("inputParameters", 0, "parameterName") != "a" {
				t.Errorf("%s is made by %s: %v", name, pack.Provider, pack.Inputs)
			}
		}
		none := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("security", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			_, err := security.NewConformancePack(ctx, "conformance-keys", &security.ConformancePackArgs{}, in)
			return err
		}))
		if none.Err == nil || !strings.Contains(none.Err.Error(), "ConformancePackArgs.Name is missing") {
			t.Error(none.Err)
		}
	})
}
