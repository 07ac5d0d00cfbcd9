package identity_test

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/policy"
)

// A role that restarts services, for users of another account who have shown a second
// factor in the last hour.
func ExampleNewRoles() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		roles, err := identity.NewRoles(ctx, "roles", &identity.RolesArgs{
			Roles: []identity.Role{{
				Name: "operator", RoleName: "acme-prod-operator", Session: time.Hour,
				ManagedPolicies: []string{"ReadOnlyAccess"},
				Statements: []policy.Statement{{
					Effect: policy.Allow, Action: policy.List{"ecs:UpdateService"}, Resource: policy.List{"*"},
				}},
			}},
			UsersAccountID: pulumi.String("111111111111"),
			MFAMaxAge:      time.Hour,
		})
		if err != nil {
			return err
		}
		ctx.Export("operator", roles.ARNs["operator"])
		return nil
	})
}
