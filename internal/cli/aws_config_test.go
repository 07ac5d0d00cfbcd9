package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse("f", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	master := &stackref.Master{
		AccountOf: stackref.Account{AccountID: "111111111111"},
		Accounts:  map[string]stackref.Member{"dev": {ID: "222222222222"}, "lab": {ID: "333333333333"}},
	}
	const program = "/opt/cold start/coldstart"
	var out bytes.Buffer
	if err := writeProfiles(&out, org, master, "ada", "", program); err != nil {
		t.Fatal(err)
	}
	want := `# Your own access key is in this profile: aws configure --profile acme
[profile acme]
region = us-west-2

# The same user, after an MFA code: coldstart login --profile acme-mfa
[profile acme-mfa]
region = us-west-2
credential_process = '/opt/cold start/coldstart' credentials --profile 'acme' --mfa-device arn:aws:iam::333333333333:mfa/ada

[profile acme-dev-deploy]
region = us-west-2
source_profile = acme-mfa
role_arn = arn:aws:iam::222222222222:role/acme-dev-deploy
duration_seconds = 7200

[profile acme-dev-readonly]
region = us-west-2
source_profile = acme-mfa
role_arn = arn:aws:iam::222222222222:role/acme-dev-readonly
duration_seconds = 3600
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	out.Reset()
	if err := writeProfiles(&out, org, master, "", "keys", program); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.Count(text, "role_arn") != 7 || !strings.Contains(text, "source_profile = keys-mfa\n") || !strings.Contains(text, "mfa/"+anyUser) ||
		!strings.Contains(text, "arn:aws:iam::111111111111:role/acme-master-admin") {
		t.Errorf("profiles of everybody:\n%s", text)
	}
	org.Access.MFAMaxAge = 90 * time.Minute
	out.Reset()
	if err := writeProfiles(&out, org, master, "ada", "", program); err != nil || !strings.Contains(out.String(), "mfa/ada --max-age 1h30m0s\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, bad := range []string{"/it's/coldstart", "/a #1/coldstart", "/a\t;/coldstart", "/a\nb"} {
		if err := writeProfiles(&out, org, master, "ada", "", bad); err == nil || !strings.Contains(err.Error(), "a profile can't name") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	delete(master.Accounts, "dev")
	if err := writeProfiles(&out, org, master, "ada", "", program); err == nil || !strings.Contains(err.Error(), "account dev isn't in stack master yet") {
		t.Errorf("got %v", err)
	}
}

func TestProfilesOfNobody(t *testing.T) {
	t.Parallel()
	code, _, errs := run("aws-config", "-C", declared(t, small), "--user", "eve")
	if code != exitUsage || !strings.Contains(errs, `no user "eve"; coldstart:users has ["ada" "bob"]`) {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

// TestIdentityCenterProfiles says what is missing, and writes profiles of what the user is assigned.
func TestIdentityCenterProfiles(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse("f", []byte(strings.NewReplacer("    account: lab\n", "    account: lab\n    people: both\n",
		"{groups: [makers]}", "{groups: [makers], email: ada@acme.example, givenName: Ada, familyName: Lovelace}",
		"{groups: [master-readonly]}", "{groups: [master-readonly], email: bob@acme.example, givenName: Bob, familyName: Ross}").Replace(small)))
	if err != nil {
		t.Fatal(err)
	}
	master := &stackref.Master{AccountOf: stackref.Account{AccountID: "111111111111"}, Accounts: map[string]stackref.Member{"dev": {ID: "222222222222"}, "lab": {ID: "333333333333"}}}
	var out strings.Builder
	if err := writeIdentityCenterProfiles(&out, org, master, "ada"); err == nil || !strings.Contains(err.Error(), "stack master knows no IAM Identity Center: enable it at https://") {
		t.Error(err)
	}
	master.IdentityCenter = &stackref.IdentityCenter{InstanceARN: "arn:aws:sso:::instance/ssoins-1", IdentityStoreID: "d-1", Region: "eu-west-1"}
	if err := writeIdentityCenterProfiles(&out, org, master, "ada"); err != nil {
		t.Fatal(err)
	}
	const want = `# aws sso login --sso-session acme
[sso-session acme]
sso_start_url = https://d-1.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access

[profile acme-dev-deploy]
region = us-west-2
sso_session = acme
sso_account_id = 222222222222
sso_role_name = acme-deploy

[profile acme-dev-readonly]
region = us-west-2
sso_session = acme
sso_account_id = 222222222222
sso_role_name = acme-readonly
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Where only users for emergencies have IAM users, nobody has to ask for these profiles.
	org.Access.People, org.Users["one"] = organization.PeopleIdentityCenter, organization.User{Emergency: true, Groups: []string{"master-admin"}}
	for user, want := range map[string]string{"": "[sso-session acme]", "ada": "[sso-session acme]", "one": "role_arn = arn:aws:iam::111111111111:role/acme-master-admin"} {
		out.Reset()
		if err := (&AWSConfigOptions{user: user}).profiles(&out, org, master); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("profiles of %q: %v\n%s", user, err, out.String())
		}
	}
	if err := writeIdentityCenterProfiles(&out, org, master, "one"); err == nil || !strings.Contains(err.Error(), "one is a user for emergencies") {
		t.Error(err)
	}
	org.Access.Directory = organization.DirectoryExternal
	if err := writeIdentityCenterProfiles(&out, org, master, "ada"); err == nil || !strings.Contains(err.Error(), "leave --user out") {
		t.Error(err)
	}
	org.Access.People = organization.PeopleIAM
	if err := writeIdentityCenterProfiles(&out, org, master, ""); err == nil || !strings.Contains(err.Error(), "coldstart:access.people: both") {
		t.Error(err)
	}
}
