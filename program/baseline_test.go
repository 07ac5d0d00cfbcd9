package program_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// TestSettings sets every account as declared, the management account too.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		change    func(*organization.Organization)
		alias     map[string]any // of prod
		passwords map[string]any
		contacts  int
		signIn    string // to prod
	}{
		{
			"shipped", func(*organization.Organization) {},
			map[string]any{"accountAlias": "acme-prod"},
			map[string]any{
				"allowUsersToChangePassword": true, "minimumPasswordLength": 16.0, "passwordReusePrevention": 24.0,
				"requireLowercaseCharacters": true, "requireUppercaseCharacters": true, "requireNumbers": true, "requireSymbols": true,
			},
			0, "acme-prod",
		},
		{
			"other", func(o *organization.Organization) {
				contacts(o)
				o.Baseline.Alias = "%s-of-umbrella"
				o.Baseline.Passwords = organization.PasswordPolicy{MinimumLength: 20, Numbers: true, MaxAgeDays: 90}
			},
			map[string]any{"accountAlias": "prod-of-umbrella"},
			map[string]any{
				"allowUsersToChangePassword": true, "minimumPasswordLength": 20.0, "maxPasswordAge": 90.0,
				"requireLowercaseCharacters": false, "requireUppercaseCharacters": false, "requireNumbers": true, "requireSymbols": false,
			},
			3, "prod-of-umbrella",
		},
		{
			"no alias", func(o *organization.Organization) { o.Baseline.Alias = organization.NoAlias },
			nil,
			map[string]any{
				"allowUsersToChangePassword": true, "minimumPasswordLength": 16.0, "passwordReusePrevention": 24.0,
				"requireLowercaseCharacters": true, "requireUppercaseCharacters": true, "requireNumbers": true, "requireSymbols": true,
			},
			0, pulumitest.AccountID("prod"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			org := changed(t, c.change)
			results := nothing().up(t, org, named(t, org, "master", "audit", "prod"))
			for stack, result := range results {
				if diff := cmp.Diff(c.passwords, result.Resource(t, pulumitest.LoginPolicy, "settings").Inputs); diff != "" {
					t.Errorf("passwords of %s (-want +got)\n%s", stack, diff)
				}
				if n := len(result.OfType(pulumitest.Contact)); n != c.contacts {
					t.Errorf("%d contacts of %s", n, stack)
				}
				if n := len(result.OfType(pulumitest.AccountAlias)); n != min(len(c.alias), 1) {
					t.Errorf("%d aliases of %s", n, stack)
				}
			}
			if c.alias != nil {
				if diff := cmp.Diff(c.alias, results["prod"].Resource(t, pulumitest.AccountAlias, "settings").Inputs); diff != "" {
					t.Errorf("alias (-want +got)\n%s", diff)
				}
			}
			if got, want := results["prod"].Exports["signInUrl"], "https://"+c.signIn+".signin.aws.amazon.com/console"; got != want {
				t.Errorf("users would sign in at %v, not %s", got, want)
			}
		})
	}
}

// parameters returns the values by name.
func parameters(result *pulumitest.Result) map[string]any {
	values := map[string]any{}
	for _, p := range result.OfType(pulumitest.Parameter) {
		values[p.At("name").(string)] = p.At("insecureValue")
	}
	return values
}

// TestParameters says in each account what it is, and in the management account
// what each is.
func TestParameters(t *testing.T) {
	t.Parallel()
	org := changed(t, func(o *organization.Organization) {
		only("audit")(o)
		o.Accounts["prod"] = organization.Account{Unit: "workloads"} // Has no network.
	})
	results := nothing().up(t, org, named(t, org, "master", "audit", "prod"))
	audit, prod := pulumitest.AccountID("audit"), pulumitest.AccountID("prod")
	const arn = "arn:aws:organizations::111111111111:account/o-exampleorgid/"
	ofAudit := map[string]any{
		"/acme/audit/account_id": audit, "/acme/audit/account_arn": arn + audit, "/acme/audit/network": "10.107.0.0/16",
		"/acme/audit/access_role": "arn:aws:iam::" + audit + ":role/OrganizationAccountAccessRole",
	}
	ofProd := map[string]any{
		"/acme/prod/account_id": prod, "/acme/prod/account_arn": arn + prod,
		"/acme/prod/access_role": "arn:aws:iam::" + prod + ":role/OrganizationAccountAccessRole",
	}
	ofMaster := map[string]any{
		"/acme/master/account_id": "111111111111", "/acme/master/account_arn": arn + "111111111111", "/acme/master/zone_id": "ZZONE",
		"/acme/master/access_role": "arn:aws:iam::111111111111:role/acme-master-admin",
	}
	for _, facts := range []map[string]any{ofAudit, ofProd} {
		for name, value := range facts {
			ofMaster[name] = value
		}
	}
	ofAudit["/acme/audit/zone_id"], ofProd["/acme/prod/zone_id"] = "ZZONE", "ZZONE"
	for stack, want := range map[string]map[string]any{"master": ofMaster, "audit": ofAudit, "prod": ofProd} {
		if diff := cmp.Diff(want, parameters(results[stack])); diff != "" {
			t.Errorf("%s (-want +got)\n%s", stack, diff)
		}
	}
	// The role that a parameter names is there.
	got := parameters(nothing().run(t, changed(t, noAdminInMaster), organization.Master, false))
	if role, ok := got["/acme/master/access_role"]; ok {
		t.Errorf("master has no role admin, and yet access_role is %v", role)
	}
}

// TestNetwork exports the network plan.
func TestNetwork(t *testing.T) {
	t.Parallel()
	org := changed(t, only("audit"))
	want := map[string]any{"cidr": "10.0.0.0/8", "accounts": map[string]any{"audit": "10.107.0.0/16"}, "next": "10.0.0.0/16"}
	if diff := cmp.Diff(want, after(t, org).stacks[organization.Master]["network"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	changeAccount(org, "audit", func(a *organization.Account) { a.Network = org.Network.CIDR })
	want = map[string]any{"cidr": "10.0.0.0/8", "accounts": map[string]any{"audit": "10.0.0.0/8"}}
	if diff := cmp.Diff(want, after(t, org).stacks[organization.Master]["network"]); diff != "" {
		t.Errorf("without room (-want +got)\n%s", diff)
	}
}
