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

// TestPolicyRules breaks each rule for policy documents once.
func TestPolicyRules(t *testing.T) {
	t.Parallel()
	const (
		service = `{"Sid":"A","Effect":"Allow","Principal":{"Service":"s"},"Action":["a:b"],"Resource":["r"],"Condition":{"StringEquals":{"aws:SourceOrgID":["o"]}}}`
		trust   = `{"Sid":"A","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:root"]},"Action":["sts:AssumeRole"],"Condition":{"Bool":{"a":["b"]}}}`
		inline  = `{"Sid":"A","Effect":"Allow","Action":["a:b"],"Resource":["r"]}`
	)
	bucket := pulumitest.Resource{Type: pulumitest.BucketPolicy}
	role := pulumitest.Resource{Type: pulumitest.Role}
	identity := pulumitest.Resource{Type: pulumitest.RolePolicy}
	whole := func(statements ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	for _, c := range []struct {
		name, input, json string
		resource          pulumitest.Resource
		want              string
	}{
		{"right for a service", "policy", whole(service), bucket, ""},
		{"right for trust", "assumeRolePolicy", whole(trust), role, ""},
		{"right inline", "policy", whole(inline), identity, ""},
		{"everyone denied", "policy", whole(strings.NewReplacer("Allow", "Deny", `{"Service":"s"}`, `"*"`).Replace(service)), bucket, ""},
		{"not JSON", "policy", "x", bucket, "invalid character"},
		{"unknown field", "policy", whole(strings.Replace(service, "Sid", "Id", 1)), bucket, `unknown field "Id"`},
		{"unknown kind", "policy", whole(service), pulumitest.Resource{Type: pulumitest.Zone}, "unknown kind"},
		{"old version", "policy", strings.Replace(whole(service), "2012-10-17", "2008-10-17", 1), bucket, "version"},
		{"no statement", "policy", whole(), bucket, "no statement"},
		{"no Sid", "policy", whole(strings.Replace(service, `"A"`, `""`, 1)), bucket, "a Sid is"},
		{"Sid twice", "policy", whole(service, service), bucket, `two statements "A"`},
		{"effect", "policy", whole(strings.Replace(service, "Allow", "allow", 1)), bucket, `effect "allow"`},
		{"all actions", "policy", whole(strings.Replace(service, "a:b", "*", 1)), bucket, "actions"},
		{"no resource", "policy", whole(strings.Replace(service, `"Resource":["r"],`, "", 1)), bucket, "resources"},
		{"resource in trust", "assumeRolePolicy", whole(strings.Replace(trust, `"Action"`, `"Resource":["r"],"Action"`, 1)), role, "resources"},
		{"principal inline", "policy", whole(service), identity, "principal"},
		{"no principal", "policy", whole(inline), bucket, "principal"},
		{"everyone", "policy", whole(strings.Replace(service, `{"Service":"s"}`, `"*"`, 1)), bucket, "allows everyone"},
		{"everyone in AWS", "policy", whole(strings.Replace(service, `{"Service":"s"}`, `{"AWS":["*"]}`, 1)), bucket, `principal "*"`},
		{"unknown principal", "policy", whole(strings.Replace(service, "Service", "Federated", 1)), bucket, `unknown field "Federated"`},
		{"empty principal", "policy", whole(strings.Replace(service, `{"Service":"s"}`, `{}`, 1)), bucket, "empty principal"},
		{"service for anyone", "policy", whole(strings.Replace(service, "aws:SourceOrgID", "aws:SourceVpc", 1)), bucket, "on anyone's behalf"},
		{"service for anyone else", "policy", whole(strings.Replace(service, "StringEquals", "StringNotEquals", 1)), bucket, "on anyone's behalf"},
		{"service without source", "policy", whole(strings.Replace(service, "StringEquals", "StringEqualsIfExists", 1)), bucket, "on anyone's behalf"},
		{"empty value", "policy", whole(strings.Replace(service, `["o"]`, `[""]`, 1)), bucket, "has no value"},
		{"bad format", "policy", whole(strings.Replace(service, `["o"]`, `["%!s(MISSING)"]`, 1)), bucket, "badly formatted"},
		{"trust in all", "assumeRolePolicy", whole(strings.Replace(trust, `,"Condition":{"Bool":{"a":["b"]}}`, "", 1)), role, "trusts without a condition"},
		{"too long", "assumeRolePolicy", whole(strings.Replace(trust, `["b"]`, `["`+strings.Repeat("b", 2048)+`"]`, 1)), role, "over 2048"},
	} {
		err := pulumitest.Policy{Resource: c.resource, Input: c.input, JSON: c.json}.Check()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, not %q", c.name, err, c.want)
		}
	}
}
