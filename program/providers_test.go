package program_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// Providers of a state come in by plan roles, however Pulumi writes their inputs.
func TestEnter(t *testing.T) {
	t.Parallel()
	org := &organization.Organization{Namespace: "acme"}
	plan := &program.Plan{TokenFile: "/tmp/token"}
	const (
		assumed = `{"roleArn":"arn:aws:iam::111111111111:role/OrganizationAccountAccessRole","sessionName":"coldstart","duration":"1h0m0s"}`
		entered = `{"roleArn":"arn:aws:iam::111111111111:role/acme-prod-plan","sessionName":"coldstart","webIdentityTokenFile":"/tmp/token"}`
		master  = `{"roleArn":"arn:aws:iam::111111111111:role/acme-master-plan","sessionName":"coldstart","webIdentityTokenFile":"/tmp/token"}`
	)
	object := map[string]any{"roleArn": "arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"}
	for _, c := range []struct {
		name, provider string
		inputs, want   map[string]any
		err            string
	}{
		{"no role", "master", map[string]any{"region": "eu-north-1"}, map[string]any{"region": "eu-north-1"}, ""},
		{"the account", "account", map[string]any{"region": "x", "assumeRole": assumed}, map[string]any{"region": "x", "assumeRoleWithWebIdentity": entered}, ""},
		{"another region of the account", "account-us-east-1", map[string]any{"region": "us-east-1", "assumeRole": assumed}, map[string]any{"region": "us-east-1", "assumeRoleWithWebIdentity": entered}, ""},
		{"the apex zone", "delegation", map[string]any{"assumeRole": assumed}, map[string]any{"assumeRoleWithWebIdentity": master}, ""},
		{"an object", "account", map[string]any{"assumeRole": object}, map[string]any{"assumeRoleWithWebIdentity": map[string]any{
			"roleArn": "arn:aws:iam::111111111111:role/acme-prod-plan", "sessionName": "coldstart", "webIdentityTokenFile": "/tmp/token",
		}}, ""},
		{"another", "logs", map[string]any{"assumeRole": assumed}, nil, "knows no plan role"},
		{"nonsense", "account", map[string]any{"assumeRole": "{"}, nil, "the role of provider account in the state of stack prod"},
		{"no ARN", "account", map[string]any{"assumeRole": "{}"}, nil, "no ARN"},
	} {
		err := plan.Enter(org, "prod", c.provider, c.inputs)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, c.inputs); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", c.name, err, diff)
		}
	}
}
