package organization_test

import (
	"strings"
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

// TestWaysIn says who has what in IAM and in IAM Identity Center, for each way in.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	type ways struct {
		IAMUsers, DirectoryUsers, IAMGroups, DirectoryGroups, IAMRoles, AssignedRoles []string
	}
	names := func(groups []organization.Group) (names []string) {
		for _, g := range groups {
			names = append(names, g.Name+" "+strings.Join(g.Users, "+"))
		}
		return names
	}
	everybody, groups := []string{"ada", "grace", "one", "two"}, []string{"admins ada+one+two", "dev-readonly one", "glass two", "ops grace"}
	roles, all := []string{"admin", "ops"}, []string{"admin", "ops", "readonly"}
	people, own := []string{"ada", "grace"}, []string{"admins ada", "ops grace"}
	for way, want := range map[string]ways{
		"iam":                                  {everybody, nil, groups, nil, all, nil},
		"both":                                 {everybody, people, groups, own, all, roles},
		"identity-center":                      {[]string{"one", "two"}, people, []string{"admins one+two", "dev-readonly one", "glass two"}, own, []string{"admin", "readonly"}, roles},
		"both, directory: external":            {everybody, nil, groups, []string{"admins ", "glass ", "ops "}, all, roles},
		"identity-center, directory: external": {[]string{"one", "two"}, nil, []string{"admins one+two", "dev-readonly one", "glass two"}, []string{"admins ", "glass ", "ops "}, []string{"admin", "readonly"}, roles},
	} {
		org := parse(t, []byte(`config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {audit: {}, dev: {}}
  coldstart:access:
    people: `+strings.Replace(way, ", ", "\n    ", 1)+`
    roles: {ops: {managedPolicies: [PowerUserAccess], accounts: [dev]}}
    groups: {admins: {master: [admin], "*": [admin]}, ops: {dev: [ops]}, glass: {audit: [admin]}}
  coldstart:users:
    ada: {groups: [admins], email: ada@acme.example, givenName: Ada, familyName: Lovelace}
    grace: {groups: [ops], email: grace@acme.example, givenName: Grace, familyName: Hopper}
    one: {groups: [admins, dev-readonly], emergency: true, keybase: one}
    two: {groups: [admins, glass], emergency: true, keybase: two}
`))
		got := ways{org.IAMUsers(), org.DirectoryUsers(), names(org.IAMGroups()), names(org.DirectoryGroups()), org.IAMRoles("dev"), org.AssignedRoles("dev")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", way, diff)
		}
		if glass, admins := org.ForEmergencies("glass"), org.ForEmergencies("admins"); !glass || admins {
			t.Errorf("%s: for emergencies are glass: %t, admins: %t", way, glass, admins)
		}
		if beyond := org.BeyondEmergency(); len(beyond) > 0 {
			t.Errorf("%s: users for emergencies don't administer %s", way, beyond)
		}
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
