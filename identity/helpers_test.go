package identity_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// account is what the tests' provider works in.
const account = pulumitest.MasterID

var tags = pulumi.ToStringMap(map[string]string{"Account": "prod"})

// later is an id that isn't known in a preview.
func later(preview bool, id string) pulumi.StringInput {
	if !preview {
		return pulumi.String(id)
	}
	return pulumi.UnsafeUnknownOutput(nil).ApplyT(func(any) string { return "" }).(pulumi.StringOutput)
}

// unless returns a value that isn't known in a preview.
func unless(preview bool, value any) any {
	if preview {
		return pulumitest.Unknown
	}
	return value
}

// run declares components with an explicit provider and checks what holds for
// all of them.
func run(t *testing.T, preview bool, declare func(ctx *pulumi.Context, in pulumi.ResourceOption) error) *pulumitest.Result {
	t.Helper()
	result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("prod", declare))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	result.CheckProviders(t, "prod")
	result.CheckPolicies(t)
	for _, r := range result.Resources {
		if r.AWS() && (r.Protect || r.RetainOnDelete || r.Parent == "") {
			t.Errorf("%s is protected: %t, retained: %t, in %q", r.URN, r.Protect, r.RetainOnDelete, r.Parent)
		}
	}
	if len(result.SecretExports) > 0 {
		t.Errorf("secrets are exported: %v", result.SecretExports)
	}
	return result
}

// checkChildren checks what is in a component.
func checkChildren(t *testing.T, result *pulumitest.Result, typ, name string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, result.Children(result.Resource(t, typ, name))); diff != "" {
		t.Errorf("children of %s (-want +got)\n%s", name, diff)
	}
}

// checkInputs checks all inputs of a resource.
func checkInputs(t *testing.T, result *pulumitest.Result, typ, name string, want map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, result.Resource(t, typ, name).Inputs); diff != "" {
		t.Errorf("%s %s (-want +got)\n%s", typ, name, diff)
	}
}
