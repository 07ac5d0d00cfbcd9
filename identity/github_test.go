package identity_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

const workflows = `{"Version":"2012-10-17","Statement":[{"Sid":"Workflows","Effect":"Allow",` +
	`"Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/token.actions.githubusercontent.com"},` +
	`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{` +
	`"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":%s}}}]}`

// key is the account's state key.
const (
	key                = "arn:aws:kms:us-west-2:111111111111:key/k"
	decryptNothingElse = `{"Sid":"DecryptNothingElse","Effect":"Deny","Action":"kms:Decrypt","NotResource":"` + key + `"}]}`
)

// TestGitHub lets in just what the repository's pull requests, and its branch or
// environment, run.
func TestGitHub(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		gitHub      organization.GitHub
		plan, apply string
		secrets     bool
		decrypts    string
	}{
		{
			"branch",
			organization.GitHub{Repository: "acme/infrastructure", Branch: "release/v1"},
			`["repo:acme/infrastructure:pull_request","repo:acme/infrastructure:ref:refs/heads/release/v1"]`,
			`"repo:acme/infrastructure:ref:refs/heads/release/v1"`,
			false,
			`{"Version":"2012-10-17","Statement":[{"Sid":"DecryptState","Effect":"Allow","Action":"kms:Decrypt","Resource":"` + key + `",` +
				`"Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":["arn:aws:s3:::acme-prod-state-1/a.json","arn:aws:s3:::acme-prod-state-1/b/*"]}}},` +
				decryptNothingElse,
		},
		{
			"environment",
			organization.GitHub{Repository: "acme/infrastructure", Branch: "main", Environment: "production"},
			`["repo:acme/infrastructure:pull_request","repo:acme/infrastructure:ref:refs/heads/main"]`,
			`"repo:acme/infrastructure:environment:production"`,
			true,
			`{"Version":"2012-10-17","Statement":[{"Sid":"DecryptState","Effect":"Allow","Action":"kms:Decrypt","Resource":"` + key + `",` +
				`"Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":["arn:aws:s3:::acme-prod-state-1/a.json","arn:aws:s3:::acme-prod-state-1/b/*","arn:aws:s3:::acme-prod-state-1"]}}},` +
				`{"Sid":"DecryptSecretsOfState","Effect":"Allow","Action":"kms:Decrypt","Resource":"` + key + `","Condition":{"Null":{"kms:EncryptionContextKeys":"true"}}},` +
				decryptNothingElse,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				result := run(t, preview, func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
					g, err := identity.NewGitHub(ctx, "github", &identity.GitHubArgs{
						Issuer:   organization.GitHubIssuer,
						PlanRole: "acme-prod-plan", ApplyRole: "acme-prod-apply",
						PlanSubjects: c.gitHub.PlanSubjects(), ApplySubjects: c.gitHub.ApplySubjects(),
						State: identity.ReadableState{
							KeyARN: later(preview, key), Bucket: later(preview, "acme-prod-state-1"), Objects: []string{"a.json", "b/*"}, Secrets: c.secrets,
						},
						Tags: tags,
					}, in)
					if err != nil {
						return err
					}
					ctx.Export("plan", g.PlanRoleARN)
					ctx.Export("apply", g.ApplyRoleARN)
					return nil
				})
				checkChildren(t, result, identity.GitHubType, "github",
					pulumitest.IdentityProvider+" github", pulumitest.Role+" apply", pulumitest.Role+" plan", pulumitest.RolePolicy+" plan-state",
					pulumitest.RolePolicyAttachment+" apply-AdministratorAccess", pulumitest.RolePolicyAttachment+" plan-ReadOnlyAccess")
				checkInputs(t, result, pulumitest.IdentityProvider, "github", map[string]any{
					"url": "https://token.actions.githubusercontent.com", "clientIdLists": []any{"sts.amazonaws.com"}, "tags": map[string]any{"Account": "prod"},
					"thumbprintLists": []any{"1c58a3a8518e8759bf075b76b750d4f2df264fcd", "6938fd4d98bab03faadb97b34396831e3780aea1"},
				})
				for role, want := range map[string]struct{ description, subjects, managed string }{
					"plan":  {"For previews, reads only", c.plan, "ReadOnlyAccess"},
					"apply": {"For deployments", c.apply, "AdministratorAccess"},
				} {
					// Without maxSessionDuration, a session lasts an hour.
					checkInputs(t, result, pulumitest.Role, role, map[string]any{
						"name": "acme-prod-" + role, "description": want.description, "tags": map[string]any{"Account": "prod"},
						"assumeRolePolicy": unless(preview, fmt.Sprintf(workflows, want.subjects)),
					})
					checkInputs(t, result, pulumitest.RolePolicyAttachment, role+"-"+want.managed, map[string]any{
						"role": "acme-prod-" + role, "policyArn": "arn:aws:iam::aws:policy/" + want.managed,
					})
				}
				checkInputs(t, result, pulumitest.RolePolicy, "plan-state", map[string]any{
					"name": "state", "role": "acme-prod-plan",
					"policy": unless(preview, c.decrypts),
				})
				exports := map[string]any{
					"plan":  unless(preview, "arn:aws:iam::"+account+":role/acme-prod-plan"),
					"apply": unless(preview, "arn:aws:iam::"+account+":role/acme-prod-apply"),
				}
				if diff := cmp.Diff(exports, result.Exports); diff != "" {
					t.Errorf("outputs (-want +got)\n%s", diff)
				}
			})
		})
	}
}
