package organization_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestGroupsOfManyAccounts names the roles of all members by pattern where a list of them
// is longer than IAM lets a policy be, and never the management account's.
func TestGroupsOfManyAccounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		n      int
		access string
		want   []string
		listed int
	}{
		"a list that fits":         {40, "groups: {all: {'*': [admin, readonly]}}", nil, 80},
		"a list that doesn't":      {100, "groups: {all: {'*': [readonly, admin], master: [readonly]}}", []string{"admin", "readonly"}, 1},
		"one role and some others": {100, "groups: {all: {'*': [readonly], account-10: [admin, readonly]}}", []string{"readonly"}, 1},
		"both of two that end alike": {
			100, "roles: {db-admin: {managedPolicies: [A]}}, groups: {all: {'*': [db-admin, admin]}}", []string{"admin", "db-admin"}, 0,
		},
		"one of two that end alike": {
			100, "roles: {db-admin: {managedPolicies: [A]}}, groups: {all: {'*': [db-admin]}}", []string{"db-admin"}, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := parse(t, file("coldstart:accounts: "+accountsNamed(c.n)+"\ncoldstart:access: {"+c.access+"}"))
			group := org.Groups()[0]
			if diff := cmp.Diff(c.want, group.Everywhere); diff != "" || len(group.Listed()) != c.listed {
				t.Errorf("%d grants are listed, and by pattern (-want +got)\n%s", len(group.Listed()), diff)
			}
			for _, g := range group.Grants {
				if g.Account == organization.Master && !slices.Contains(group.Listed(), g) {
					t.Errorf("%v is in no list", g)
				}
			}
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	org := parse(t, everything(t, pgpKey(t, nil)))
	want := []organization.Group{
		{Name: "administrators", Grants: []organization.Grant{{"master", "admin"}, {"dev", "admin"}, {"logs", "admin"}, {"prod", "admin"}}, Users: []string{"ada"}},
		{
			Name:   "auditors",
			Grants: []organization.Grant{{"master", "billing"}, {"master", "readonly"}, {"dev", "readonly"}, {"logs", "readonly"}, {"prod", "readonly"}},
		},
		{Name: "deployers", Grants: []organization.Grant{{"dev", "deployer"}, {"prod", "deployer"}}, Users: []string{"ada"}},
		{Name: "prod-deployer", Grants: []organization.Grant{{"prod", "deployer"}}, Users: []string{"grace@acme.example"}},
	}
	if diff := cmp.Diff(want, org.Groups()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := org.GroupName("auditors"); got != "acme-auditors" {
		t.Errorf("the group's name is %q", got)
	}
	// Refused by Validate, and still not made twice.
	org.Access.Groups = map[string]map[string][]string{"prod-deployer": {"dev": {"admin"}}}
	want = []organization.Group{{Name: "prod-deployer", Grants: []organization.Grant{{"dev", "admin"}}, Users: []string{"grace@acme.example"}}}
	if diff := cmp.Diff(want, org.Groups()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := organization.Defaults().Groups(); len(got) > 0 {
		t.Errorf("without users and groups there are %v", got)
	}
}

func TestGrantsOf(t *testing.T) {
	t.Parallel()
	org := parse(t, everything(t, pgpKey(t, nil)))
	for user, want := range map[string][]organization.Grant{
		"ada":                {{"master", "admin"}, {"dev", "admin"}, {"dev", "deployer"}, {"logs", "admin"}, {"prod", "admin"}, {"prod", "deployer"}},
		"grace@acme.example": {{"prod", "deployer"}},
		"linus":              nil,
		"nobody":             nil,
		"": {
			{"master", "admin"},
			{"master", "billing"},
			{"master", "readonly"},
			{"dev", "admin"},
			{"dev", "deployer"},
			{"dev", "readonly"},
			{"logs", "admin"},
			{"logs", "readonly"},
			{"prod", "admin"},
			{"prod", "deployer"},
			{"prod", "readonly"},
		},
	} {
		if diff := cmp.Diff(want, org.GrantsOf(user), equal...); diff != "" {
			t.Errorf("%q (-want +got)\n%s", user, diff)
		}
	}
}

func TestRoleNames(t *testing.T) {
	t.Parallel()
	org := parse(t, everything(t, pgpKey(t, nil)))
	for account, want := range map[string][]string{
		"master": {"admin", "billing", "readonly"},
		"logs":   {"admin", "readonly"},
		"dev":    {"admin", "deployer", "readonly"},
		"prod":   {"admin", "deployer", "readonly"},
	} {
		if diff := cmp.Diff(want, org.RoleNames(account)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", account, diff)
		}
	}
}

// withAccess generates organizations with accounts, roles, groups and users,
// all of which are valid.
func withAccess() *rapid.Generator[*organization.Organization] {
	return rapid.Custom(func(t *rapid.T) *organization.Organization {
		o := organization.Defaults()
		o.Namespace, o.Domain, o.Region, o.Email = "acme", "acme.example", "us-west-2", "aws+%s@acme.example"
		o.Audit = organization.Audit{Trail: organization.TrailNone}
		o.Accounts, o.Users = map[string]organization.Account{}, map[string]organization.User{}
		o.Access.Groups = map[string]map[string][]string{}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{3}`), 1, 6, rapid.ID).Draw(t, "accounts") {
			o.Accounts[name] = organization.Account{}
		}
		accounts := append(o.AccountNames(), organization.Master)
		for _, name := range rapid.SliceOfN(rapid.StringMatching(`r[0-9]`), 0, 3).Draw(t, "roles") {
			o.Access.Roles[name] = organization.Role{
				ManagedPolicies: []string{"ReadOnlyAccess"}, Session: time.Hour,
				Accounts: rapid.SliceOfNDistinct(rapid.SampledFrom(accounts), 0, 3, rapid.ID).Draw(t, "in"),
			}
		}
		choices := []string{"master-admin"}
		for _, account := range accounts {
			for _, role := range o.RoleNames(account) {
				choices = append(choices, account+"-"+role)
			}
		}
		for _, name := range rapid.SliceOfN(rapid.StringMatching(`group[0-9]`), 0, 3).Draw(t, "groups") {
			group := map[string][]string{}
			for _, account := range rapid.SliceOfN(rapid.SampledFrom(append(accounts, organization.Every)), 1, 4).Draw(t, "grants") {
				roles := slices.Sorted(maps.Keys(o.Access.Roles))
				if account != organization.Every {
					roles = o.RoleNames(account)
				}
				group[account] = rapid.SliceOfN(rapid.SampledFrom(roles), 1, 4).Draw(t, "granted")
			}
			o.Access.Groups[name] = group
			choices = append(choices, name)
		}
		slices.Sort(choices)
		choices = slices.Compact(choices)
		for _, name := range rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,3}`), 0, 4).Draw(t, "users") {
			o.Users[name] = organization.User{Groups: rapid.SliceOfNDistinct(rapid.SampledFrom(choices), 0, 10, rapid.ID).Draw(t, "groups of")}
		}
		return o
	})
}

// TestGroupsGrantWhatIsDeclared compares what each user may assume by way of
// Groups with what the declaration says, account by account.
func TestGroupsGrantWhatIsDeclared(t *testing.T) {
	t.Parallel()
	valid := 0
	rapid.Check(t, func(t *rapid.T) {
		org := withAccess().Draw(t, "organization")
		if org.Validate() == nil { // All are, but for groups that grant nothing.
			valid++
		}
		groups := org.Groups()
		if diff := cmp.Diff(groups, org.Groups()); diff != "" {
			t.Errorf("the groups depend on chance:\n%s", diff)
		}
		names := map[string]bool{}
		for _, g := range groups {
			if names[g.Name] {
				t.Errorf("group %s is there twice", g.Name)
			}
			names[g.Name] = true
			if !slices.IsSorted(g.Users) || len(slices.Compact(slices.Clone(g.Users))) != len(g.Users) {
				t.Errorf("users of %s are %v", g.Name, g.Users)
			}
			checkGrants(t, org, g)
		}
		for name, user := range org.Users {
			for _, group := range user.Groups {
				i := slices.IndexFunc(groups, func(g organization.Group) bool { return g.Name == group })
				if i < 0 || !slices.Contains(groups[i].Users, name) {
					t.Errorf("%s is not in %s", name, group)
				}
			}
		}
		for name := range org.Access.Groups {
			if !names[name] {
				t.Errorf("group %s is not made", name)
			}
		}
	})
	if valid == 0 {
		t.Error("no declaration was valid")
	}
}

// checkGrants checks each account and role: the group grants it if and only if
// the declaration says so, and if the account has the role.
func checkGrants(t *rapid.T, org *organization.Organization, g organization.Group) {
	declared, isDeclared := org.Access.Groups[g.Name]
	got := map[organization.Grant]int{}
	for _, grant := range g.Grants {
		got[grant]++
	}
	wanted := 0
	for _, account := range append(org.AccountNames(), organization.Master) {
		for role := range org.Access.Roles {
			every := account != organization.Master && slices.Contains(declared[organization.Every], role)
			want := every || slices.Contains(declared[account], role)
			if !isDeclared {
				want = g.Name == account+"-"+role
			}
			if !slices.Contains(org.RoleNames(account), role) {
				want = false
			}
			n := 0
			if want {
				n = 1
				wanted++
			}
			if got[organization.Grant{Account: account, Role: role}] != n {
				t.Errorf("%s grants %s in %s %d times, not %d", g.Name, role, account, got[organization.Grant{Account: account, Role: role}], n)
			}
		}
	}
	if wanted != len(g.Grants) {
		t.Errorf("%s grants %d roles, not %d: %v", g.Name, len(g.Grants), wanted, g.Grants)
	}
}
