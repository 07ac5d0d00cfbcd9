package output_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/policy"
)

// TestPolicy builds a document from values of resources, in their order, and
// none while one of them is unknown.
func TestPolicy(t *testing.T) {
	t.Parallel()
	build := func(v []string) policy.Document {
		return policy.Document{Statements: []policy.Statement{{Sid: v[0], Effect: policy.Deny, Action: []string{v[1]}}}}
	}
	result := pulumitest.Run{Preview: true}.Do(t, func(ctx *pulumi.Context) error {
		later := pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
		ctx.Export("known", output.Policy(build, pulumi.String("A"), pulumi.String("b:c").ToStringOutput()))
		ctx.Export("unknown", output.Policy(build, pulumi.String("A"), later))
		return nil
	})
	want := map[string]any{
		"known":   `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Action":"b:c"}]}`,
		"unknown": pulumitest.Unknown,
	}
	if diff := cmp.Diff(want, result.Exports); diff != "" || result.Err != nil {
		t.Errorf("%v (-want +got)\n%s", result.Err, diff)
	}
}
