package pulumitest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

type component struct{ pulumi.ResourceState }

// program declares a bucket in a component, and exports what is computed.
func program(ctx *pulumi.Context) error {
	provider, err := aws.NewProvider(ctx, "there", &aws.ProviderArgs{Region: pulumi.String("us-west-2")})
	if err != nil {
		return err
	}
	parent := &component{}
	if err := ctx.RegisterComponentResource("test:index:Component", "outer", parent, pulumi.Providers(provider)); err != nil {
		return err
	}
	b, err := s3.NewBucketV2(ctx, "b", &s3.BucketV2Args{Bucket: pulumi.String("acme-b")},
		pulumi.Parent(parent), pulumi.Protect(true), pulumi.RetainOnDelete(true), pulumi.IgnoreChanges([]string{"tags"}))
	if err != nil {
		return err
	}
	_, err = s3.NewBucketPolicy(ctx, "b", &s3.BucketPolicyArgs{Bucket: b.ID(), Policy: b.Arn}, pulumi.Parent(parent))
	if err != nil {
		return err
	}
	ctx.Export("bucket", pulumi.Map{"arn": b.Arn, "secret": pulumi.ToSecret(pulumi.String("s"))})
	if err := ctx.Log.Info("by the way", nil); err != nil {
		return err
	}
	return ctx.Log.Warn("careful", nil)
}

func TestRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		preview bool
		arn     string
	}{{false, "arn:aws:s3:::acme-b"}, {true, pulumitest.Unknown}} {
		result := pulumitest.Run{Preview: c.preview}.Do(t, program)
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		parent := result.Resource(t, "test:index:Component", "outer")
		want := pulumitest.Resource{
			Type: pulumitest.Bucket, Name: "b", URN: "urn:pulumi:test::coldstart::test:index:Component$aws:s3/bucketV2:BucketV2::b",
			Parent: parent.URN, Inputs: map[string]any{"bucket": "acme-b"}, Custom: true,
			Provider: "there", Protect: true, RetainOnDelete: true, IgnoreChanges: []string{"tags"},
		}
		got := result.Resource(t, pulumitest.Bucket, "b")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("preview %t: (-want +got)\n%s", c.preview, diff)
		}
		policy := result.Resource(t, pulumitest.BucketPolicy, "b")
		if diff := cmp.Diff([]string{got.URN}, policy.DependsOn); diff != "" {
			t.Errorf("preview %t: dependencies of the policy: %s", c.preview, diff)
		}
		if policy.At("policy") != c.arn {
			t.Errorf("preview %t: input is %v", c.preview, policy.At("policy"))
		}
		if diff := cmp.Diff(map[string]any{"bucket": map[string]any{"arn": c.arn, "secret": "s"}}, result.Exports); diff != "" {
			t.Errorf("preview %t: exports: %s", c.preview, diff)
		}
		if diff := cmp.Diff([]string{".bucket.secret"}, result.SecretExports); diff != "" {
			t.Errorf("preview %t: secret exports: %s", c.preview, diff)
		}
		if diff := cmp.Diff([]string{"by the way", "careful"}, result.Messages); diff != "" {
			t.Errorf("preview %t: messages: %s", c.preview, diff)
		}
		if diff := cmp.Diff([]string{pulumitest.BucketPolicy + " b", pulumitest.Bucket + " b"}, result.Children(parent)); diff != "" {
			t.Errorf("preview %t: children: %s", c.preview, diff)
		}
	}
}

// recorder is a testing.TB that only notes whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestUnknownInvokeFails(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	result := pulumitest.Run{}.Do(r, func(ctx *pulumi.Context) error {
		_, err := aws.GetCallerIdentity(ctx, nil)
		return err
	})
	if !r.failed || result.Err == nil || !strings.Contains(result.Err.Error(), "getCallerIdentity") {
		t.Errorf("failed: %t, error: %v", r.failed, result.Err)
	}
}

func TestSameURNTwiceFails(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	pulumitest.Run{}.Do(r, func(ctx *pulumi.Context) error {
		for range 2 {
			if _, err := aws.NewProvider(ctx, "p", &aws.ProviderArgs{}); err != nil {
				return err
			}
		}
		return nil
	})
	if !r.failed {
		t.Error("not noticed")
	}
}
