package permissions

import (
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/organization"
)

// Lockout is a role in accounts that a person is to have, could come into before a change, and can't afterwards.
type Lockout struct {
	Who      string   `json:"who"`
	Role     string   `json:"role"`
	Accounts []string `json:"accounts"`
	// Why says what keeps the person out by each way that there is.
	Why string `json:"why"`
}

// LockedOut returns who is locked out by a change: people who have a role in an account by both declarations, whom the policies and
// assignments of the first let in, by any way, and those of the second don't. What a declaration takes away is in the access matrix. Of
// accounts that are alike it asks about one.
func LockedOut(before, after *Documents) (found []Lockout) {
	alike := map[string]string{}
	for _, group := range after.Alike() {
		for _, account := range group {
			alike[account] = group[0]
		}
	}
	for _, who := range after.people() {
		asked, lost := map[organization.Grant]string{}, map[organization.Grant][]string{}
		why := map[organization.Grant]string{}
		for _, g := range both(before.org.GrantsOf(who), after.org.GrantsOf(who)) {
			like := organization.Grant{Account: alike[g.Account], Role: g.Role}
			if _, already := asked[like]; !already {
				asked[like] = ""
				if in, out := after.enters(who, g); !in {
					if could, _ := before.enters(who, g); could {
						asked[like] = out
					}
				}
			}
			if out := asked[like]; out != "" {
				key := organization.Grant{Account: out, Role: g.Role}
				lost[key], why[key] = append(lost[key], g.Account), out
			}
		}
		for _, key := range slices.SortedFunc(maps.Keys(lost), func(a, b organization.Grant) int { return strings.Compare(a.Role+a.Account, b.Role+b.Account) }) {
			found = append(found, Lockout{Who: who, Role: key.Role, Accounts: lost[key], Why: why[key]})
		}
	}
	return found
}

// both returns the grants that are in two lists, in the order of the second.
func both(was, is []organization.Grant) []organization.Grant {
	return slices.DeleteFunc(slices.Clone(is), func(g organization.Grant) bool { return !slices.Contains(was, g) })
}

// enters reports whether a person who has just shown the second factor comes into a role, and why not.
func (d *Documents) enters(who string, g organization.Grant) (in bool, why string) {
	c := call{account: d.accounts[g.Account], region: d.org.Region}
	var reasons []string
	for _, e := range slices.Concat(d.entrancesOfUser(d.user(who), c), d.entrancesByIdentityCenter(d.inDirectory(who), c)) {
		switch {
		case e.role == nil || d.shortName(g.Account, e.role) != g.Role:
		case e.enter.Allowed():
			return true, ""
		default:
			reasons = append(reasons, "by "+wayOf(e.role)+" "+e.enter.String())
		}
	}
	if len(reasons) == 0 {
		return false, "no policy and no assignment lets them in"
	}
	return false, strings.Join(reasons, "; ")
}
