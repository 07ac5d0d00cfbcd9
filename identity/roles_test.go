package identity_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/policy"
)

// declareRoles declares roles and exports their ARNs.
func declareRoles(preview bool, maxAge time.Duration, roles ...identity.Role) func(*pulumi.Context, pulumi.ResourceOption) error {
	return func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		r, err := identity.NewRoles(ctx, "access", &identity.RolesArgs{
			Roles: roles, UsersAccountID: later(preview, "222222222222"), MFAMaxAge: maxAge, Tags: tags,
		}, in)
		if err != nil {
			return err
		}
		for name, arn := range r.ARNs {
			ctx.Export(name, arn)
		}
		return nil
	}
}

const usersWithMFA = `{"Version":"2012-10-17","Statement":[{"Sid":"UsersWithMFA","Effect":"Allow",` +
	`"Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole",` +
	`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}%s}}]}`

// TestTrust lets in users of the users' account only, with a second factor that
// was shown lately, if that is asked for.
func TestTrust(t *testing.T) {
	t.Parallel()
	for maxAge, want := range map[time.Duration]string{
		0:                               fmt.Sprintf(usersWithMFA, ""),
		12 * time.Hour:                  fmt.Sprintf(usersWithMFA, `,"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"43200"}`),
		90*time.Minute + 30*time.Second: fmt.Sprintf(usersWithMFA, `,"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"5430"}`),
		time.Second:                     fmt.Sprintf(usersWithMFA, `,"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"1"}`),
	} {
		t.Run(maxAge.String(), func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				result := run(t, preview, declareRoles(preview, maxAge,
					identity.Role{Name: "admin", RoleName: "acme-prod-admin", ManagedPolicies: []string{"AdministratorAccess"}, Session: time.Hour},
					identity.Role{Name: "readonly", RoleName: "acme-prod-readonly", ManagedPolicies: []string{"ReadOnlyAccess"}, Session: 12 * time.Hour},
				))
				checkChildren(t, result, identity.RolesType, "access",
					pulumitest.Role+" admin", pulumitest.Role+" readonly",
					pulumitest.RolePolicyAttachment+" admin-AdministratorAccess", pulumitest.RolePolicyAttachment+" readonly-ReadOnlyAccess")
				for role, seconds := range map[string]float64{"admin": 3600, "readonly": 43200} {
					checkInputs(t, result, pulumitest.Role, role, map[string]any{
						"name": "acme-prod-" + role, "description": "For people, with MFA: " + role, "maxSessionDuration": seconds,
						"assumeRolePolicy": unless(preview, want), "tags": map[string]any{"Account": "prod"},
					})
				}
				checkInputs(t, result, pulumitest.RolePolicyAttachment, "admin-AdministratorAccess", map[string]any{
					"role": "acme-prod-admin", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
				})
				exports := map[string]any{
					"admin":    unless(preview, "arn:aws:iam::"+account+":role/acme-prod-admin"),
					"readonly": unless(preview, "arn:aws:iam::"+account+":role/acme-prod-readonly"),
				}
				if diff := cmp.Diff(exports, result.Exports); diff != "" {
					t.Errorf("outputs (-want +got)\n%s", diff)
				}
			})
		})
	}
}

// TestRoleRights gives roles what is declared, and no more than the boundary.
func TestRoleRights(t *testing.T) {
	t.Parallel()
	deploy := policy.Statement{Sid: "Deploy", Effect: policy.Allow, Action: []string{"ecs:UpdateService"}, Resource: []string{"*"}}
	within := policy.Statement{Sid: "Within", Effect: policy.Allow, NotAction: []string{"iam:*"}, Resource: []string{"*"}}
	roles := []identity.Role{
		{Name: "billing", RoleName: "acme-prod-billing", ManagedPolicies: []string{"job-function/Billing", "AWSBillingReadOnlyAccess"}, Session: time.Hour},
		{Name: "deployer", RoleName: "acme-prod-deployer", Statements: []policy.Statement{deploy}, Boundary: []policy.Statement{within}, Session: time.Hour},
		{Name: "both", RoleName: "acme-prod-both", ManagedPolicies: []string{"ReadOnlyAccess"}, Statements: []policy.Statement{deploy}, Session: time.Hour},
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := run(t, preview, declareRoles(preview, 0, roles...))
		checkChildren(t, result, identity.RolesType, "access",
			pulumitest.ManagedPolicy+" deployer-boundary",
			pulumitest.Role+" billing", pulumitest.Role+" both", pulumitest.Role+" deployer",
			pulumitest.RolePolicy+" both", pulumitest.RolePolicy+" deployer",
			pulumitest.RolePolicyAttachment+" billing-AWSBillingReadOnlyAccess", pulumitest.RolePolicyAttachment+" billing-job-function-Billing",
			pulumitest.RolePolicyAttachment+" both-ReadOnlyAccess")
		checkInputs(t, result, pulumitest.RolePolicyAttachment, "billing-job-function-Billing", map[string]any{
			"role": "acme-prod-billing", "policyArn": "arn:aws:iam::aws:policy/job-function/Billing",
		})
		for _, role := range []string{"both", "deployer"} {
			checkInputs(t, result, pulumitest.RolePolicy, role, map[string]any{
				"name": "statements", "role": "acme-prod-" + role,
				"policy": `{"Version":"2012-10-17","Statement":[{"Sid":"Deploy","Effect":"Allow","Action":"ecs:UpdateService","Resource":"*"}]}`,
			})
		}
		checkInputs(t, result, pulumitest.ManagedPolicy, "deployer-boundary", map[string]any{
			"name": "acme-prod-deployer-boundary", "description": "What acme-prod-deployer can't do more than", "tags": map[string]any{"Account": "prod"},
			"policy": `{"Version":"2012-10-17","Statement":[{"Sid":"Within","Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}`,
		})
		for role, want := range map[string]any{
			"billing": nil, "both": nil,
			"deployer": unless(preview, "arn:aws:iam::"+account+":policy/acme-prod-deployer-boundary"),
		} {
			if got := result.Resource(t, pulumitest.Role, role).At("permissionsBoundary"); got != want {
				t.Errorf("the boundary of %s is %v, not %v", role, got, want)
			}
		}
	})
}

// TestNoRoles is an account that nobody is let into.
func TestNoRoles(t *testing.T) {
	t.Parallel()
	result := run(t, false, declareRoles(false, 0))
	checkChildren(t, result, identity.RolesType, "access", []string(nil)...)
}
