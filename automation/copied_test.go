package automation

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

const reference = `{"urn":"urn:pulumi:prod::coldstart::pulumi:pulumi:StackReference::organization/coldstart/master","type":"pulumi:pulumi:StackReference"},`

const deploymentOfProd = `{"manifest":{"time":"2026-01-01T00:00:00Z"},"fromTheFuture":12345678901234567890,"resources":[` +
	`{"urn":"urn:pulumi:prod::coldstart::pulumi:pulumi:Stack::coldstart-prod","type":"pulumi:pulumi:Stack"},` +
	`{"urn":"urn:pulumi:prod::coldstart::pulumi:providers:aws::account","type":"pulumi:providers:aws","inputs":{"region":"x"},"outputs":{"region":"x"}},` +
	reference + `{"urn":"urn:pulumi:prod::coldstart::aws:iam/role:Role::admin","type":"aws:iam/role:Role","inputs":{"name":"n"}}]}`

// Only the inputs of AWS's providers change, and nothing is lost but references.
func TestWithProviders(t *testing.T) {
	t.Parallel()
	var seen []string
	got, err := withProviders(json.RawMessage(deploymentOfProd), func(provider string, inputs map[string]any) error {
		seen = append(seen, provider)
		inputs["region"] = "y"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"account", "account"}, seen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var is, want any
	for text, into := range map[string]*any{string(got): &is, strings.Replace(deploymentOfProd, reference, "", 1): &want} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	changed := map[string]any{"region": "y"}
	provider := want.(map[string]any)["resources"].([]any)[1].(map[string]any)
	provider["inputs"], provider["outputs"] = changed, changed
	if diff := cmp.Diff(want, is); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	refused := errors.New("no")
	if _, err := withProviders(json.RawMessage(deploymentOfProd), func(string, map[string]any) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if _, err := withProviders(json.RawMessage("[]"), nil); err == nil {
		t.Error("a list was taken for a state")
	}
}

// The folder is as Pulumi writes one.
func TestWriteState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	envelope := apitype.UntypedDeployment{Version: 4, Features: []string{"refreshBeforeUpdate"}, Deployment: json.RawMessage(`{"resources":[]}`)}
	if err := writeState(dir, "prod", envelope); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		".pulumi/meta.yaml":                  "version: 1\n",
		".pulumi/stacks/coldstart/prod.json": `{"version":4,"features":["refreshBeforeUpdate"],"checkpoint":{"latest":{"resources":[]},"stack":"organization/coldstart/prod"}}`,
	} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(content) != want {
			t.Errorf("%s: %s, %v", name, content, err)
		}
	}
}
