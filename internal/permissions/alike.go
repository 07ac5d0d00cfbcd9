package permissions

import (
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
)

// Alike groups accounts whose documents differ in nothing but the account's own name and id, each group in the order
// of names. An answer about the first account of a group holds for the others, unless the question is about a resource
// whose policy mentions one of them (Mentioning). Most accounts of an organization are alike, and asking about each of
// a thousand takes minutes.
func (d *Documents) Alike() [][]string {
	texts := memo{}
	bySignature := map[string][]string{}
	for _, account := range slices.Sorted(maps.Keys(d.accounts)) {
		signature := d.signature(account, texts)
		bySignature[signature] = append(bySignature[signature], account)
	}
	return slices.SortedFunc(maps.Values(bySignature), func(a, b []string) int { return strings.Compare(a[0], b[0]) })
}

// Mentioning returns a function that reports whether the policy of a resource has the id of an account in it.
func (d *Documents) Mentioning() func(resource, account string) bool {
	texts := map[string]string{}
	return func(resource, account string) bool {
		text, known := texts[resource]
		if !known {
			if p := d.policyOf(request{resource: d.spelled(resource)}); p != nil {
				text = textOf(p.Document.Statements)
			}
			texts[resource] = text
		}
		return strings.Contains(text, d.accounts[account])
	}
}

// memo has the texts of documents. Many accounts have the same ones of AWS's.
type memo map[*policy.Statement]string

func (m memo) of(document policy.Document) string {
	if len(document.Statements) == 0 {
		return ""
	}
	first := &document.Statements[0]
	text, known := m[first]
	if !known {
		text = textOf(document.Statements)
		m[first] = text
	}
	return text
}

// signature returns a text that is the same for accounts that are alike.
func (d *Documents) signature(account string, texts memo) string {
	id := d.accounts[account]
	names := []string{id, "{in}", d.org.Namespace + "-" + account + "-", d.org.Namespace + "-{in}-"}
	var owned []string
	for arn, p := range d.resources {
		if d.owners[arn] == id {
			owned = append(owned, arn)
			if key, isKey := strings.CutPrefix(arn[strings.LastIndex(arn, ":")+1:], "key/"); isKey {
				names = append(names, key, "{"+p.Name+"}")
			}
		}
	}
	own := strings.NewReplacer(names...)
	var parts []string
	add := func(what string, tags map[string]string, policies ...authorization.Policy) {
		part := own.Replace(what)
		for tag := range d.tagged {
			for key, value := range tags {
				if strings.EqualFold(key, tag) {
					part += "\n" + tag + "=" + value
				}
			}
		}
		for _, p := range policies {
			part += "\n" + own.Replace(texts.of(p.Document))
		}
		parts = append(parts, part)
	}
	for _, level := range slices.Concat(d.control[id].service, d.control[id].resource) {
		add("level", nil, level.Policies...)
	}
	for _, role := range d.roles[id] {
		if role.set != "" { // AWS alone writes its trust policy, and chooses a part of its name.
			add(titleOf(role), role.tags, slices.Concat(role.policies, pointed(role.boundary))...)
			continue
		}
		add("role "+role.name, role.tags, slices.Concat(role.policies, pointed(role.boundary), pointed(role.trust))...)
	}
	for _, arn := range owned {
		add("resource "+d.resources[arn].Name, d.tags[arn], *d.resources[arn])
	}
	slices.Sort(parts)
	return strings.Join(parts, "\n\n")
}

// Acting are all who make calls in an account: its roles, its root user, and users if they live there. Whoever comes
// from elsewhere, a user or a workflow, acts through one of the roles.
func (d *Documents) Acting(account string) []string {
	return slices.DeleteFunc(d.Everybody(account), func(who string) bool {
		return who == Workflow || who == PullRequest || d.inDirectory(who) != "" && d.user(who) == nil || d.IsPerson(who) && account != d.org.Access.Account
	})
}

// IsPerson reports whether somebody is a user of IAM or of IAM Identity Center, or a group of Identity Center's.
func (d *Documents) IsPerson(who string) bool { return d.user(who) != nil || d.inDirectory(who) != "" }
