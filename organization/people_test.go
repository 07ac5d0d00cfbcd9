package organization_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestPermissionSets says which permission sets there are, and who is assigned them where.
func TestPermissionSets(t *testing.T) {
	t.Parallel()
	const least = "config:\n  coldstart:namespace: acme\n  coldstart:domain: acme.example\n  coldstart:region: us-west-2\n  coldstart:email: aws+%s@acme.example\n  coldstart:accounts: {audit: {}, dev: {}}\n"
	org := parse(t, []byte(least+`  coldstart:access:
    people: both
    roles: {ops: {managedPolicies: [PowerUserAccess], accounts: [dev]}}
    groups: {admins: {master: [admin], "*": [admin]}, ops: {"*": [ops, readonly]}}
  coldstart:users:
    ada: {groups: [admins, dev-admin], email: ada@acme.example, givenName: Ada, familyName: Lovelace}
`))
	want := []organization.PermissionSet{
		{Role: "admin", Name: "acme-admin", Assignments: []organization.Assignment{{Account: "audit", Group: "admins"}, {Account: "dev", Group: "admins"}, {Account: "dev", Group: "dev-admin"}}},
		{Role: "ops", Name: "acme-ops", Assignments: []organization.Assignment{{Account: "dev", Group: "ops"}}},
		{Role: "readonly", Name: "acme-readonly", Assignments: []organization.Assignment{{Account: "audit", Group: "ops"}, {Account: "dev", Group: "ops"}}},
	}
	if diff := cmp.Diff(want, org.PermissionSets()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want = []organization.PermissionSet{{Role: "admin", Name: "acme-master-admin", Assignments: []organization.Assignment{{Account: "master", Group: "admins"}}}}
	if diff := cmp.Diff(want, org.MasterPermissionSets()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if org := parse(t, []byte(least+"  coldstart:access: {groups: {admins: {master: [admin]}}}\n")); org.UsesIdentityCenter() || org.MasterPermissionSets() != nil || org.IdentityCenterAccount() != "" {
		t.Error("people come in by Identity Center that nobody has declared")
	}
}

// TestISODuration writes durations as AWS does.
func TestISODuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{time.Hour: "PT1H", 90 * time.Minute: "PT1H30M", 12 * time.Hour: "PT12H", time.Hour + time.Second: "PT1H0M1S"} {
		if got := organization.ISODuration(d); got != want {
			t.Errorf("%s is %s, not %s", d, got, want)
		}
	}
}
