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
