package automation

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/program"
)

// A resource that the provider doesn't import is noted as not recovered until it was read back, so that a run that is killed in between
// begins with it again.
func TestNotReadBack(t *testing.T) {
	t.Parallel()
	deployment := &apitype.DeploymentV3{}
	for _, typ := range []tokens.Type{awstype.EC2InstanceMetadataDefaults, awstype.S3BucketV2} {
		deployment.Resources = append(deployment.Resources, apitype.ResourceV3{Type: typ, IgnoreChanges: []string{program.Recovering}})
	}
	if !begun(deployment) || !notReadBack(deployment.Resources[0]) || notReadBack(deployment.Resources[1]) {
		t.Errorf("not read back: %t, %t", notReadBack(deployment.Resources[0]), notReadBack(deployment.Resources[1]))
	}
	settled(deployment, func(r apitype.ResourceV3) bool { return !notReadBack(r) })
	if recovering(deployment.Resources[1]) || !recovering(deployment.Resources[0]) {
		t.Error("the notes don't stay until it was read back")
	}
	settled(deployment, recovering)
	if begun(deployment) {
		t.Error("notes stay")
	}
}

// The state of a resource that was imported learns what is declared and AWS tells nobody.
// What AWS has otherwise stays, for the next update to change.
func TestDeclare(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "facts") }))
	t.Cleanup(server.Close)
	env := map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
	f := newFinder(env, &apitype.DeploymentV3{
		Resources: []apitype.ResourceV3{{URN: "provider", Inputs: map[string]any{"region": "us-west-2"}}},
	}, nil)
	for name, c := range map[string]struct {
		typ                       tokens.Type
		inputs, outputs, declared map[string]any
		wantInputs, wantOutputs   map[string]any
	}{
		"what AWS tells nobody": {
			"aws:s3/bucketV2:BucketV2",
			map[string]any{"bucket": "b", "region": "us-west-2"},
			map[string]any{"bucket": "b", "forceDestroy": nil, "tags": map[string]any{"a": "b"}},
			map[string]any{"bucket": "b", "forceDestroy": true, "tags": map[string]any{"a": "c"}},
			map[string]any{"bucket": "b", "forceDestroy": true, "tags": map[string]any{"a": "c"}},
			map[string]any{"bucket": "b", "forceDestroy": true, "tags": map[string]any{"a": "b"}},
		},
		"a secret": {
			"aws:ssm/parameter:Parameter",
			map[string]any{"name": "n"},
			map[string]any{"name": "n"},
			map[string]any{"name": "n", "value": map[string]any{resource.SigKey: resource.SecretSig, "plaintext": "[secret]"}},
			map[string]any{"name": "n"},
			map[string]any{"name": "n"},
		},
		"an object as declared": {
			"aws:s3/bucketObjectv2:BucketObjectv2",
			map[string]any{"bucket": "b", "key": "k"},
			map[string]any{"key": "k"},
			map[string]any{"bucket": "b", "key": "k", "content": "facts"},
			map[string]any{"bucket": "b", "key": "k", "content": "facts"},
			map[string]any{"bucket": "b", "key": "k", "content": "facts"},
		},
		"a parameter as declared": {
			awstype.SSMParameter,
			map[string]any{"name": "n", "value": revealedAs("v")},
			map[string]any{"name": "n", "value": revealedAs("v")},
			map[string]any{"name": "n", "insecureValue": "v"},
			map[string]any{"name": "n", "insecureValue": "v"},
			map[string]any{"name": "n", "insecureValue": "v"},
		},
		"another parameter": {
			awstype.SSMParameter,
			map[string]any{"name": "n", "value": revealedAs("w")},
			map[string]any{"name": "n", "value": revealedAs("w")},
			map[string]any{"name": "n", "insecureValue": "v"},
			map[string]any{"name": "n", "insecureValue": "v"},
			map[string]any{"name": "n", "insecureValue": "w"},
		},
		"another object": {
			"aws:s3/bucketObjectv2:BucketObjectv2",
			map[string]any{"bucket": "b", "key": "k"},
			map[string]any{"key": "k"},
			map[string]any{"bucket": "b", "key": "k", "content": "others"},
			map[string]any{"bucket": "b", "key": "k"},
			map[string]any{"key": "k"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := apitype.ResourceV3{Type: c.typ, Provider: "provider::id", Inputs: c.inputs, Outputs: c.outputs}
			if err := f.declare(t.Context(), &r, c.declared); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]map[string]any{c.wantInputs, c.wantOutputs}, []map[string]any{r.Inputs, r.Outputs}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// revealedAs is a secret as a state has it that is exported with its secrets in clear.
func revealedAs(text string) map[string]any {
	return map[string]any{resource.SigKey: resource.SecretSig, "plaintext": `"` + text + `"`}
}
