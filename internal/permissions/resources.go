package permissions

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
)

// Resource is what has a policy of its own that says who may use it: a bucket, a key or a role.
type Resource struct {
	ARN string
	// Account is the name of the account that owns it.
	Account string
	// mentioned are the names of accounts whose ids are in the policy.
	mentioned map[string]bool
}

// Mentions reports whether the resource's policy has the id of an account in it.
func (r Resource) Mentions(account string) bool { return r.mentioned[account] }

// idInText matches the id of an account.
var idInText = regexp.MustCompile(`\b\d{12}\b`)

// Resources are the buckets, keys and roles of accounts, one of those that are alike, and of the management account, in the
// order of their ARNs.
func (d *Documents) Resources() []Resource {
	names := map[string]string{}
	for _, group := range d.Alike() {
		names[d.accounts[group[0]]] = group[0]
	}
	byID := map[string]string{}
	for name, id := range d.accounts {
		byID[id] = name
	}
	var all []Resource
	add := func(arn, owner string, p *authorization.Policy) {
		name, represents := names[owner]
		if !represents {
			return
		}
		r := Resource{ARN: arn, Account: name, mentioned: map[string]bool{}}
		for _, id := range idInText.FindAllString(textOf(p.Document.Statements), -1) {
			if account := byID[id]; account != "" {
				r.mentioned[account] = true
			}
		}
		all = append(all, r)
	}
	for arn, p := range d.resources {
		if !p.Unread { // It isn't coldstart's, which coldstart can read.
			add(arn, d.owners[arn], p)
		}
	}
	for arn, id := range d.identities {
		if id.trust != nil {
			add(arn, id.account, id.trust)
		}
	}
	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.ARN, b.ARN) })
	return all
}

// Users are the names of the users of IAM, in their order.
func (d *Documents) Users() (names []string) {
	for _, id := range d.identities {
		if id.kind == authorization.User {
			names = append(names, id.name)
		}
	}
	slices.Sort(names)
	return names
}

// OrganizationID returns the id of the organization.
func (d *Documents) OrganizationID() string { return d.organizationID }

// ID is the id of an account; empty if there is none of the name.
func (d *Documents) ID(account string) string { return d.accounts[account] }

// Key is the ARN of the key that an alias in an account stands for; empty if there is no such alias.
func (d *Documents) Key(account, alias string) string {
	for _, arn := range slices.Sorted(maps.Keys(d.aliases)) {
		if parts := strings.SplitN(arn, ":", 6); parts[4] == d.accounts[account] && parts[5] == alias {
			return d.aliases[arn]
		}
	}
	return ""
}

// Zone is the ARN of the management account's zone of a name; empty if there is none.
func (d *Documents) Zone(name string) string { return d.zones[name] }
