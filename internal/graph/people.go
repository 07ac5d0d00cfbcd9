package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/organization"
)

// group is a group of IAM Identity Center, and what it is assigned.
type group struct {
	name string
	// users is how many the file declares; -1 if an identity provider has them.
	users   int
	assigns []assignment
}

// assignment is a permission set that a group is assigned, and where.
type assignment struct {
	// set is the index of the permission set's role among Graph.sets.
	set  int
	role string
	// where are accounts in words, so that a hundred of them are as readable as three.
	where string
}

// peopleTitle is the title of what is drawn of IAM Identity Center.
const peopleTitle = "people, by IAM Identity Center"

// peopleOf returns the groups of IAM Identity Center, and the roles that they are assigned as permission sets, in alphabetical order.
func peopleOf(org *organization.Organization) (groups []group, sets []string) {
	assigned := map[string]bool{}
	for _, g := range org.DirectoryGroups() {
		accounts := map[string][]string{}
		for _, grant := range g.Grants {
			accounts[grant.Role] = append(accounts[grant.Role], grant.Account)
			assigned[grant.Role] = true
		}
		drawn := group{name: g.Name, users: len(g.Users)}
		if org.Access.Directory == organization.DirectoryExternal {
			drawn.users = -1
		}
		for _, role := range slices.Sorted(maps.Keys(accounts)) {
			drawn.assigns = append(drawn.assigns, assignment{role: role, where: places(accounts[role], len(org.AccountNames()))})
		}
		groups = append(groups, drawn)
	}
	sets = slices.Sorted(maps.Keys(assigned))
	for _, g := range groups {
		for i := range g.assigns {
			g.assigns[i].set = slices.Index(sets, g.assigns[i].role)
		}
	}
	return groups, sets
}

// places returns accounts in words. All members are every member, and more than a few are counted.
func places(accounts []string, members int) string {
	const few = 3
	var parts []string
	inMembers := slices.DeleteFunc(slices.Clone(accounts), func(account string) bool { return account == organization.Master })
	if len(inMembers) < len(accounts) {
		parts = append(parts, organization.Master)
	}
	switch n := len(inMembers); {
	case n == members && n > 1:
		parts = append(parts, "every member")
	case n > few:
		parts = append(parts, fmt.Sprintf("%d members", n))
	default:
		parts = append(parts, inMembers...)
	}
	return strings.Join(parts, ", ")
}

// lines returns the lines of text about a group.
func (g group) lines() []string {
	switch g.users {
	case -1:
		return []string{g.name, "of the identity provider"}
	case 1:
		return []string{g.name, "1 person"}
	}
	return []string{g.name, fmt.Sprintf("%d people", g.users)}
}

// described says in a sentence what a group is assigned.
func (g group) described() string {
	var parts []string
	for _, a := range g.assigns {
		parts = append(parts, a.role+" in "+a.where)
	}
	return strings.Join(g.lines(), ", ") + ": " + strings.Join(parts, "; ")
}

// mermaidPeople draws groups, permission sets, and where these are assigned.
func (g *Graph) mermaidPeople(b *strings.Builder) {
	if len(g.groups) == 0 {
		return
	}
	fmt.Fprintf(b, "  subgraph people[%s]\n    direction LR\n", mermaidText(peopleTitle))
	for i, set := range g.sets {
		fmt.Fprintf(b, "    set%d[%s]\n", i, mermaidText("permission set", set))
	}
	for i, drawn := range g.groups {
		fmt.Fprintf(b, "    group%d[%s]\n", i, mermaidText(drawn.lines()...))
		for _, a := range drawn.assigns {
			fmt.Fprintf(b, "    group%d -- %s --> set%d\n", i, mermaidText(a.where), a.set)
		}
	}
	b.WriteString("  end\n")
}

// dotPeople draws the same for Graphviz.
func (g *Graph) dotPeople(b *strings.Builder) {
	if len(g.groups) == 0 {
		return
	}
	fmt.Fprintf(b, "  subgraph cluster_people {\n    label=%s\n", dotText(peopleTitle))
	for i, set := range g.sets {
		fmt.Fprintf(b, "    set%d [label=%s]\n", i, dotText("permission set", set))
	}
	for i, drawn := range g.groups {
		fmt.Fprintf(b, "    group%d [label=%s]\n", i, dotText(drawn.lines()...))
		for _, a := range drawn.assigns {
			fmt.Fprintf(b, "    group%d -> set%d [label=%s]\n", i, a.set, dotText(a.where))
		}
	}
	b.WriteString("  }\n")
}

// maxGroups is how many groups the column beside the units has room for.
const maxGroups = 12

// people places groups and what they are assigned below the legend, and returns the y coordinate below them.
func (p *picture) people(g *Graph, area rect) int {
	if len(g.groups) == 0 {
		return area.y
	}
	y := p.note("People, by IAM Identity Center", headingFont, point{area.x, area.y + 2*gap}, area.w) + pad/2
	for i, drawn := range g.groups {
		if i == maxGroups {
			return p.note(fmt.Sprintf("and %s more", count(len(g.groups)-maxGroups, "group")), lineFont, point{area.x, y}, area.w)
		}
		y = p.note(strings.Join(drawn.lines(), ", "), personFont, point{area.x, y}, area.w)
		for _, a := range drawn.assigns {
			y = p.note(a.role+": "+a.where, lineFont, point{area.x + pad, y}, area.w-pad)
		}
		y += gap / 2
	}
	return y - gap/2
}
