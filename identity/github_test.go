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

// TestGitHub lets in just what the repository's pull requests, and its branch or
// environment, run.
func TestGitHub(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		gitHub      organization.GitHub
		plan, apply string
	}{
		{
			"branch",
			organization.GitHub{Repository: "acme/infrastructure", Branch: "release/v1"},
			`["repo:acme/infrastructure:pull_request","repo:acme/infrastructure:ref:refs/heads/release/v1"]`,
			`"repo:acme/infrastructure:ref:refs/heads/release/v1"`,
		},
		{
			"environment",
			organization.GitHub{Repository: "acme/infrastructure", Branch: "main", Environment: "production"},
			`["repo:acme/infrastructure:pull_request","repo:acme/infrastructure:ref:refs/heads/main"]`,
			`"repo:acme/infrastructure:environment:production"`,
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
						StateKeyARN: later(preview, "arn:aws:kms:us-west-2:111111111111:key/k"),
						Tags:        tags,
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
					"policy": unless(preview, `{"Version":"2012-10-17","Statement":[{"Sid":"DecryptState","Effect":"Allow",`+
						`"Action":"kms:Decrypt","Resource":"arn:aws:kms:us-west-2:111111111111:key/k"}]}`),
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
