package automation

import (
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// TestBothWays keeps the way in that an update takes away, for the stack that runs before the management account's: in the account, and with
// the directory, in which people have it. Everything else is as declared.
func TestBothWays(t *testing.T) {
	t.Parallel()
	const iam, both, center = organization.PeopleIAM, organization.PeopleBoth, organization.PeopleIdentityCenter
	for _, c := range []struct{ was, is, want organization.People }{
		{both, iam, both},
		{both, center, both},
		{both, both, both},
		{"", iam, both}, // An earlier version exported no way in.
		{center, center, center},
		{center, both, both},
		{center, iam, iam}, // The guard refuses it.
	} {
		a := fake(t)
		a.org.Access.People = c.is
		declared := *a.org
		master := &stackref.Master{People: c.was, AccessAccount: "people", IdentityCenter: &stackref.IdentityCenter{Directory: organization.DirectoryExternal}}
		org := a.bothWays(master)
		if org.Access.People != c.want {
			t.Errorf("from %q to %q: people come in by %q, not %q", c.was, c.is, org.Access.People, c.want)
		}
		if kept := c.want != c.is; kept != (org.Access.Account == "people") || kept != (org.Access.Directory == organization.DirectoryExternal) {
			t.Errorf("from %q to %q: account %q, directory %q", c.was, c.is, org.Access.Account, org.Access.Directory)
		}
		if a.org.Access.People != declared.Access.People || a.org.Access.Account != declared.Access.Account {
			t.Errorf("from %q to %q: the declaration is another now", c.was, c.is)
		}
	}
}
