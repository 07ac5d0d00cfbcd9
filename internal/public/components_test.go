package public_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/state"
	"github.com/coldstart-aws/coldstart/toolbox"
)

// declared drops what a constructor returns besides its error.
func declared(_ any, err error) error { return err }

// TestArguments has every constructor name all fields that are missing, before anything
// is registered.
func TestArguments(t *testing.T) {
	t.Parallel()
	for fields, declare := range map[string]func(*pulumi.Context) error{
		"AccountArgs.Name AccountArgs.Email AccountArgs.ParentID": func(ctx *pulumi.Context) error {
			return declared(accounts.NewAccount(ctx, "x", &accounts.AccountArgs{}))
		},
		"AnalyzerArgs.Name": func(ctx *pulumi.Context) error {
			return declared(accounts.NewAnalyzer(ctx, "x", &accounts.AnalyzerArgs{}))
		},
		"DelegatedArgs.Service DelegatedArgs.AccountID DelegatedArgs.Trusted": func(ctx *pulumi.Context) error {
			return declared(accounts.NewDelegated(ctx, "x", &accounts.DelegatedArgs{}))
		},
		"GuardrailsArgs.Organization GuardrailsArgs.Guardrails[0].Content": func(ctx *pulumi.Context) error {
			return declared(accounts.NewGuardrails(ctx, "x", &accounts.GuardrailsArgs{Guardrails: []accounts.Guardrail{{Name: "a", PolicyName: "b"}}}))
		},
		"OrganizationArgs.Units[0].Key OrganizationArgs.Units[0].Name": func(ctx *pulumi.Context) error {
			return declared(accounts.NewOrganization(ctx, "x", &accounts.OrganizationArgs{Units: []accounts.Unit{{}}}))
		},
		"ParametersArgs.Path": func(ctx *pulumi.Context) error {
			return declared(accounts.NewParameters(ctx, "x", &accounts.ParametersArgs{}))
		},
		"SettingsArgs": func(ctx *pulumi.Context) error { return declared(accounts.NewSettings(ctx, "x", nil)) },
		"ArchiveArgs.Name ArchiveArgs.AccountID ArchiveArgs.AccessRoleARN ArchiveArgs.TrailARN": func(ctx *pulumi.Context) error {
			return declared(audit.NewArchive(ctx, "x", &audit.ArchiveArgs{}))
		},
		"TrailArgs.Name TrailArgs.Bucket TrailArgs.KeyARN": func(ctx *pulumi.Context) error {
			return declared(audit.NewTrail(ctx, "x", &audit.TrailArgs{}))
		},
		"ZoneArgs.Name ZoneArgs.Domain": func(ctx *pulumi.Context) error {
			return declared(dns.NewZone(ctx, "x", &dns.ZoneArgs{}))
		},
		"DelegationArgs.ApexZoneID DelegationArgs.Domain DelegationArgs.NameServers": func(ctx *pulumi.Context) error {
			return declared(dns.NewDelegation(ctx, "x", &dns.DelegationArgs{}))
		},
		"LocalArgs.ApexZoneID LocalArgs.Domain": func(ctx *pulumi.Context) error {
			return declared(dns.NewLocal(ctx, "x", &dns.LocalArgs{}))
		},
		"RoleArgs.Name RoleArgs.Domain RoleArgs.ApexZoneID RoleArgs.OrganizationID RoleArgs.MasterAccountID RoleArgs.MemberAccountID": func(ctx *pulumi.Context) error {
			return declared(dns.NewRole(ctx, "x", &dns.RoleArgs{}))
		},
		"GitHubArgs.Issuer GitHubArgs.PlanRole GitHubArgs.ApplyRole GitHubArgs.PlanSubjects GitHubArgs.ApplySubjects GitHubArgs.State.KeyARN GitHubArgs.State.Bucket": func(ctx *pulumi.Context) error {
			return declared(identity.NewGitHub(ctx, "x", &identity.GitHubArgs{}))
		},
		"RolesArgs.Roles[0].Name RolesArgs.Roles[0].RoleName RolesArgs.UsersAccountID": func(ctx *pulumi.Context) error {
			return declared(identity.NewRoles(ctx, "x", &identity.RolesArgs{Roles: []identity.Role{{}}}))
		},
		"UsersArgs.Users[0].Name UsersArgs.SelfService": func(ctx *pulumi.Context) error {
			return declared(identity.NewUsers(ctx, "x", &identity.UsersArgs{Users: []identity.User{{}}}))
		},
		"FactsArgs.Account FactsArgs.Store": func(ctx *pulumi.Context) error {
			return declared(state.NewFacts(ctx, "x", &state.FactsArgs{}))
		},
		"StoreArgs.Name StoreArgs.AccountID StoreArgs.Region": func(ctx *pulumi.Context) error {
			return declared(state.NewStore(ctx, "x", &state.StoreArgs{}))
		},
		"SecretsArgs.Name SecretsArgs.AccountID": func(ctx *pulumi.Context) error {
			return declared(state.NewSecrets(ctx, "x", &state.SecretsArgs{}))
		},
		"ImageArgs.Name ImageArgs.Base": func(ctx *pulumi.Context) error {
			return declared(toolbox.NewImage(ctx, "x", &toolbox.ImageArgs{}))
		},
		"RepositoryArgs.Name": func(ctx *pulumi.Context) error {
			return declared(toolbox.NewRepository(ctx, "x", &toolbox.RepositoryArgs{}))
		},
	} {
		t.Run(fields, func(t *testing.T) {
			t.Parallel()
			var got error
			result := pulumitest.Run{}.Do(t, func(ctx *pulumi.Context) error {
				got = declare(ctx)
				return nil
			})
			if err := result.Err; err != nil || len(result.Resources) > 0 {
				t.Errorf("%v, registered %v", err, result.Resources)
			}
			if got == nil {
				t.Fatal("nothing is missing")
			}
			for field := range strings.FieldsSeq(fields) {
				if !strings.Contains(got.Error(), `"x": `+field+" is ") {
					t.Errorf("doesn't name %s: %v", field, got)
				}
			}
		})
	}
}
