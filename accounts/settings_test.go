package accounts_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// declareSettings declares an account's settings.
func declareSettings(args accounts.SettingsArgs) pulumi.RunFunc {
	return pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		_, err := accounts.NewSettings(ctx, "settings", &args, in)
		return err
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := doRun(t, preview, declareSettings(accounts.SettingsArgs{
			Alias:     "acme-prod",
			Passwords: organization.PasswordPolicy{MinimumLength: 16, Uppercase: true, Numbers: true, Reuse: 24, MaxAgeDays: 90},
			Contacts: map[string]organization.Contact{
				"security": {Name: "Sue", Title: "CISO", Email: "security@acme.example", Phone: "+1 555 0100"},
				"billing":  {Name: "Bea", Title: "CFO", Email: "billing@acme.example", Phone: "+1 555 0101"},
			},
		}))
		checkChildren(t, result, accounts.SettingsType, "settings",
			pulumitest.Contact+" billing", pulumitest.Contact+" security", pulumitest.VolumeEncryption+" settings", pulumitest.MetadataDefaults+" settings",
			pulumitest.AccountAlias+" settings", pulumitest.LoginPolicy+" settings", pulumitest.AccountPublic+" settings")
		checkInputs(t, result, pulumitest.AccountAlias, "settings", map[string]any{"accountAlias": "acme-prod"})
		checkInputs(t, result, pulumitest.LoginPolicy, "settings", map[string]any{
			"allowUsersToChangePassword": true, "minimumPasswordLength": 16.0, "passwordReusePrevention": 24.0, "maxPasswordAge": 90.0,
			"requireUppercaseCharacters": true, "requireLowercaseCharacters": false, "requireNumbers": true, "requireSymbols": false,
		})
		checkInputs(t, result, pulumitest.VolumeEncryption, "settings", map[string]any{"enabled": true})
		checkInputs(t, result, pulumitest.MetadataDefaults, "settings", map[string]any{"httpTokens": "required"})
		checkInputs(t, result, pulumitest.AccountPublic, "settings", map[string]any{
			"blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true,
		})
		checkInputs(t, result, pulumitest.Contact, "security", map[string]any{
			"alternateContactType": "SECURITY", "name": "Sue", "title": "CISO", "emailAddress": "security@acme.example", "phoneNumber": "+1 555 0100",
		})
		checkInputs(t, result, pulumitest.Contact, "billing", map[string]any{
			"alternateContactType": "BILLING", "name": "Bea", "title": "CFO", "emailAddress": "billing@acme.example", "phoneNumber": "+1 555 0101",
		})
		// Nothing is lost with them, but that new volumes and instances would be less safe.
		for _, r := range result.Resources {
			stays := r.Type == pulumitest.VolumeEncryption || r.Type == pulumitest.MetadataDefaults
			if r.Protect || r.RetainOnDelete != stays {
				t.Errorf("%s is protected: %t, retained: %t", r.URN, r.Protect, r.RetainOnDelete)
			}
		}
	})
}

// TestSettingsLeftOut has no alias and no contact, and passwords that may be
// used again and never expire, for which AWS takes no 0.
func TestSettingsLeftOut(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := doRun(t, preview, declareSettings(accounts.SettingsArgs{
			Passwords: organization.PasswordPolicy{MinimumLength: 6, Lowercase: true, Symbols: true},
		}))
		checkChildren(t, result, accounts.SettingsType, "settings",
			pulumitest.VolumeEncryption+" settings", pulumitest.MetadataDefaults+" settings", pulumitest.LoginPolicy+" settings", pulumitest.AccountPublic+" settings")
		checkInputs(t, result, pulumitest.LoginPolicy, "settings", map[string]any{
			"allowUsersToChangePassword": true, "minimumPasswordLength": 6.0,
			"requireUppercaseCharacters": false, "requireLowercaseCharacters": true, "requireNumbers": false, "requireSymbols": true,
		})
	})
}

func TestParameters(t *testing.T) {
	t.Parallel()
	declare := func(ctx *pulumi.Context, _ *accounts.Organization, prod *accounts.Account, in pulumi.ResourceOption) error {
		_, err := accounts.NewParameters(ctx, "parameters", &accounts.ParametersArgs{
			Path:   "/acme/prod/",
			Values: map[string]pulumi.StringInput{"account_id": prod.ID, "network": pulumi.String("10.1.0.0/16")},
			Tags:   pulumi.ToStringMap(map[string]string{"Account": "prod"}),
		}, in)
		return err
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := doRun(t, preview, inOrganization(nil, declare))
		checkChildren(t, result, accounts.ParametersType, "parameters", pulumitest.Parameter+" parameters-account_id", pulumitest.Parameter+" parameters-network")
		for key, value := range map[string]any{"account_id": unless(preview, pulumitest.AccountID("prod")), "network": "10.1.0.0/16"} {
			// Value would be taken for a secret.
			checkInputs(t, result, pulumitest.Parameter, "parameters-"+key, map[string]any{
				"name": "/acme/prod/" + key, "type": "String", "insecureValue": value, "tags": map[string]any{"Account": "prod"},
			})
		}
	})
}
