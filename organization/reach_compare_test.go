package organization_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/organization"
)

func TestCompareReach(t *testing.T) {
	t.Parallel()
	line := func(who, role, may string) organization.Reach {
		return organization.Reach{Who: who, Account: "prod", Role: role, May: []string{may}, If: "MFA"}
	}
	before := []organization.Reach{line("ada", "admin", "all"), line("bob", "logs", "read"), line("eve", "admin", "all"), line("twice", "x", "a"), line("twice", "x", "a")}
	after := []organization.Reach{line("ada", "admin", "all"), line("bob", "logs", "write"), line("new", "admin", "all"), line("twice", "x", "a")}
	want := organization.ReachDiff{
		Added:   []organization.Reach{line("new", "admin", "all")},
		Removed: []organization.Reach{line("eve", "admin", "all"), line("twice", "x", "a")},
		Changed: []organization.ReachChange{{Before: line("bob", "logs", "read"), After: line("bob", "logs", "write")}},
		Moved:   []organization.ReachMove{},
	}
	if diff := cmp.Diff(want, organization.CompareReach(before, after)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What a change adds, the change back removes; nothing differs from itself.
func TestCompareReachBothWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := withAccess().Draw(t, "before").Reach(), withAccess().Draw(t, "after").Reach()
		there, back := organization.CompareReach(a, b), organization.CompareReach(b, a)
		if diff := cmp.Diff(there.Added, back.Removed); diff != "" {
			t.Errorf("added there, removed back\n%s", diff)
		}
		if len(there.Changed) != len(back.Changed) {
			t.Errorf("%d changed there, %d back", len(there.Changed), len(back.Changed))
		}
		if n := organization.CompareReach(a, a).Len(); n != 0 {
			t.Errorf("%d lines differ from themselves", n)
		}
		if len(a)+len(there.Added)-len(there.Removed) != len(b) {
			t.Errorf("%d lines, %d added, %d removed, made %d", len(a), len(there.Added), len(there.Removed), len(b))
		}
	})
}

// Of people who reach the same by other ways there is a line, and not one for each role. Who reaches nothing any more is named.
func TestCompareWays(t *testing.T) {
	t.Parallel()
	declared := func(people string) []organization.Reach {
		org, err := organization.Parse("f", []byte(`config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {app: {}, people: {}}
  coldstart:audit: none
  coldstart:access: {people: `+people+`, account: people, groups: {admins: {master: [admin], "*": [admin]}, readers: {app: [readonly]}}}
  coldstart:users:
    ada: {groups: [admins], email: ada@acme.example, givenName: Ada, familyName: Lovelace}
    bob: {groups: [admins], email: bob@acme.example, givenName: Bob, familyName: Example}
    eve: {groups: [readers], email: eve@acme.example, givenName: Eve, familyName: Example}
`))
		if err != nil {
			t.Fatal(err)
		}
		return org.Reach()
	}
	iam, both := declared("iam"), declared("both")
	const byIAM, byCenter = organization.WayIAM, organization.WayIdentityCenter
	want := organization.ReachDiff{Added: []organization.Reach{}, Removed: []organization.Reach{}, Changed: []organization.ReachChange{}, Moved: []organization.ReachMove{
		{Who: []string{"ada", "bob"}, Before: []string{byIAM}, After: []string{byIAM, byCenter}, Roles: 3, Accounts: 3},
		{Who: []string{"eve"}, Before: []string{byIAM}, After: []string{byIAM, byCenter}, Roles: 1, Accounts: 1},
	}}
	if diff := cmp.Diff(want, organization.CompareReach(iam, both)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// With an identity provider, whoever is in its group reaches what the file's user in the group did.
	removed := organization.Reach{Who: "eve", Group: "readers", Account: "app", Role: "acme-app-readonly", Grant: "readonly", Way: byIAM, May: []string{"ReadOnlyAccess"}}
	directory := organization.Reach{Who: "whoever the directory has in Readers", Group: "readers", Account: "app", Role: "acme-readonly", Grant: "readonly", Way: byCenter, May: []string{"ReadOnlyAccess"}}
	diff := organization.CompareReach([]organization.Reach{removed, directory}, []organization.Reach{directory})
	moved := []organization.ReachMove{{Who: []string{"eve"}, Before: []string{byIAM}, After: []string{byCenter + ", if the directory has them in Readers"}, Roles: 1, Accounts: 1}}
	if d := cmp.Diff(moved, diff.Moved); d != "" || diff.Len() != 1 {
		t.Errorf("%s%+v", d, diff)
	}
	// Who reaches less, loses a line.
	removed.May = []string{"AdministratorAccess"}
	if diff := organization.CompareReach([]organization.Reach{removed, directory}, []organization.Reach{directory}); len(diff.Removed) != 1 || len(diff.Moved) != 0 {
		t.Errorf("%+v", diff)
	}
}
