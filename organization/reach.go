package organization

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/policy"
)

// Reach is one line of the access matrix: who reaches which account as what.
type Reach struct {
	// Who is a user, a repository, or whoever works in an account.
	Who string `json:"who"`
	// By is the group or the kind of workflow that lets them; empty if nothing
	// else does.
	By      string `json:"by"`
	Account string `json:"account"`
	// Role is the name of the IAM role, or of the permission set of IAM Identity Center.
	Role string `json:"role"`
	// Grant and Group are what the file calls a role of people and the group that By is about, and Way is how people come in: WayIAM or
	// WayIdentityCenter. They are empty for others.
	Grant, Group, Way string `json:"-"`
	// May is what the role allows, shortly.
	May []string `json:"may"`
	// If is what has to hold.
	If string `json:"if"`
}

// The ways by which people come into accounts.
const (
	WayIAM            = "IAM"
	WayIdentityCenter = "IAM Identity Center"
)

// What the matrix says in place of the users of a group: of a group without users, and of a group of an external directory, whose name follows.
const (
	nobodyYet = "nobody yet"
	whoever   = "whoever the directory has in "
)

// Reach returns the access matrix, from the declaration alone: people, then
// workflows, then what coldstart itself works through.
func (o *Organization) Reach() []Reach {
	return slices.Concat(o.reachOfPeople(), o.reachOfIdentityCenter(), o.reachOfGitHub(), o.reachOfColdstart())
}

func (o *Organization) reachOfPeople() []Reach {
	condition := "MFA"
	if age := o.Access.MFAMaxAge; age > 0 {
		condition += " in the last " + shortDuration(age)
	}
	var all []Reach
	for _, group := range o.IAMGroups() {
		users := group.Users
		if len(users) == 0 {
			users = []string{nobodyYet}
		}
		for _, user := range users {
			when := condition
			if o.Users[user].Emergency {
				when += ", in an emergency"
			}
			for _, g := range group.Grants {
				all = append(all, Reach{
					Who: user, By: "group " + o.GroupName(group.Name), Account: g.Account, Role: o.Name(g.Account, g.Role),
					Grant: g.Role, Way: WayIAM, Group: group.Name, May: o.Access.Roles[g.Role].may(), If: when,
				})
			}
		}
	}
	// Groups are in order, accounts in them, too.
	slices.SortStableFunc(all, func(a, b Reach) int { return strings.Compare(a.Who, b.Who) })
	return all
}

// reachOfIdentityCenter is what people reach who come in by IAM Identity Center.
func (o *Organization) reachOfIdentityCenter() []Reach {
	if !o.UsesIdentityCenter() {
		return nil
	}
	var all []Reach
	for _, group := range o.DirectoryGroups() {
		users := group.Users
		switch {
		case o.external():
			users = []string{whoever + o.DirectoryGroupName(group.Name)}
		case len(users) == 0:
			users = []string{nobodyYet}
		}
		for _, user := range users {
			for _, g := range group.Grants {
				all = append(all, Reach{
					Who: user, By: "group " + o.DirectoryGroupName(group.Name) + " of IAM Identity Center", Account: g.Account,
					Role: o.PermissionSetName(g.Account, g.Role), Grant: g.Role, Way: WayIdentityCenter, Group: group.Name, May: o.Access.Roles[g.Role].may(), If: "sign-in by IAM Identity Center",
				})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Reach) int { return strings.Compare(a.Who, b.Who) })
	return all
}

// shortDuration returns 12h instead of 12h0m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// may describes what a role allows.
func (r Role) may() []string {
	may := slices.Concat(r.ManagedPolicies, r.CustomerManagedPolicies)
	for _, s := range r.Statements {
		may = append(may, describeStatement(s))
	}
	if len(r.Boundary) > 0 {
		may = append(may, "within its boundary")
	}
	return may
}

func describeStatement(s policy.Statement) string {
	text, denied := strings.Join(s.Action, ", "), s.Effect == policy.Deny
	switch {
	case len(s.NotAction) > 0 && denied:
		text = "nothing but " + strings.Join(s.NotAction, ", ")
	case len(s.NotAction) > 0:
		text = "all but " + strings.Join(s.NotAction, ", ")
	case denied:
		text = "not " + text
	}
	switch {
	case len(s.NotResource) > 0:
		text += " on all but " + strings.Join(s.NotResource, ", ")
	case !slices.Equal(s.Resource, []string{"*"}):
		text += " on " + strings.Join(s.Resource, ", ")
	}
	if len(s.Condition) > 0 {
		text += " on a condition"
	}
	return text
}

func (o *Organization) reachOfGitHub() []Reach {
	g := o.Access.GitHub
	if g.Repository == "" {
		return nil
	}
	apply := "branch " + g.Branch
	if g.Environment != "" {
		apply = "environment " + g.Environment
	}
	var all []Reach
	for _, account := range o.allAccounts() {
		all = append(all,
			Reach{
				Who: "github.com/" + g.Repository, By: "workflow", Account: account, Role: o.Name(account, RolePlan),
				May: []string{"ReadOnlyAccess", decryptedByPlan(account)}, If: "pull request or branch " + g.Branch,
			},
			Reach{
				Who: "github.com/" + g.Repository, By: "workflow", Account: account, Role: o.Name(account, RoleApply),
				May: []string{"AdministratorAccess"}, If: apply,
			})
	}
	return all
}

// decryptedByPlan describes what the plan role of an account may decrypt.
func decryptedByPlan(account string) string {
	if account == Master {
		return "decrypts coldstart's state only"
	}
	return "decrypts the account's facts only"
}

// reachOfColdstart is how stacks are deployed: the management account enters
// members, and each member may write the delegation of its zone.
func (o *Organization) reachOfColdstart() []Reach {
	var all []Reach
	for _, account := range o.AccountNames() {
		all = append(all, Reach{
			Who: "administrators of " + Master, By: "coldstart, or breaking glass", Account: account, Role: o.AccessRoleOf(account),
			May: []string{"AdministratorAccess"}, If: "their own policies allow it",
		})
	}
	for _, account := range o.AccountNames() {
		all = append(all, Reach{
			Who: o.AccessRoleOf(account) + " of " + account, By: "coldstart", Account: Master, Role: o.Name(account, RoleDelegation),
			May: []string{fmt.Sprintf("NS records of %s", o.ZoneName(account))}, If: "in the organization",
		})
	}
	return all
}
