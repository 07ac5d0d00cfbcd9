// Package graph draws an organization from its declaration: the management account, the units with
// their accounts, the delegations of zones, the way of logs, and the order of stacks. It doesn't
// call AWS.
//
//	g := graph.Of(org)
//	fmt.Println(g.Mermaid()) // or DOT, SVG
package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/organization"
)

// Graph is an organization as boxes and arrows.
type Graph struct {
	namespace, domain, region, space string

	top   box
	edges []edge
	audit organization.Audit
	// stages are the stacks that can run side by side. Each stage runs after those before it.
	stages [][]string
	// groups are those of IAM Identity Center, and sets the roles that they are assigned as permission sets.
	groups []group
	sets   []string
}

// box is a unit with its accounts and the units in it.
type box struct {
	id, label string
	nodes     []*node
	boxes     []*box
}

// noAccounts is the text in an empty unit.
const noAccounts = "no accounts"

func (x *box) empty() bool { return len(x.nodes)+len(x.boxes) == 0 }

// node is an account.
type node struct {
	id, name string
	zones    []string
	network  string // empty if it has none
	marks    []mark
	stage    int // the stage of its stack, from 1
}

// mark is a label for something special about an account.
type mark string

const (
	management       mark = "management account"
	archive          mark = "log archive"
	users            mark = "users"
	identityCenter   mark = "Identity Center" // of the account that administers it
	alarms           mark = "alarms"
	conformancePacks mark = "conformance packs" // of the account that administers them
	guardDuty        mark = "GuardDuty"         // of the account that administers it
	inspector        mark = "Inspector"         // of the account that administers it
	macie            mark = "Macie"             // of the account that administers it
	securityHub      mark = "Security Hub"      // of the account that administers it
	protected        mark = "protected"
	quarantined      mark = "quarantined"
)

// edge is an arrow.
type edge struct {
	from, to, label string
	// logs says that the arrow is about logs, and otherwise about a delegation.
	logs bool
}

// master is the id of the management account's node.
const master = "master"

// Of returns the graph of an organization. Accounts and units are in alphabetical order.
func Of(org *organization.Organization) *Graph {
	g := &Graph{
		namespace: org.Namespace, domain: org.Domain, region: org.Region, space: org.Network.CIDR.String(),
		top:   box{id: "organization", label: "organization " + org.Namespace},
		audit: org.Audit,
	}
	stage := g.order(org.Stacks())
	g.top.nodes = []*node{{
		id: master, name: organization.Master, zones: []string{org.Domain, org.ZoneName(organization.Master)},
		marks: marksOf(org, organization.Master), stage: stage[organization.Master],
	}}
	boxes := map[string]*box{"": &g.top}
	for i, name := range org.UnitNames() {
		b := &box{id: fmt.Sprintf("unit%d", i), label: name}
		boxes[name] = b
		parent := boxes[org.Units[name].Parent]
		parent.boxes = append(parent.boxes, b)
	}
	ids := map[string]string{}
	for i, name := range org.AccountNames() {
		n := &node{
			id: fmt.Sprintf("account%d", i), name: name, zones: []string{org.ZoneName(name)},
			marks: marksOf(org, name), stage: stage[name],
		}
		if network := org.Accounts[name].Network; network.IsValid() {
			n.network = network.String()
		}
		ids[name] = n.id
		unit := boxes[org.Accounts[name].Unit]
		unit.nodes = append(unit.nodes, n)
		g.edges = append(g.edges, edge{from: master, to: n.id, label: "NS"})
	}
	g.trails(org, ids)
	g.groups, g.sets = peopleOf(org)
	return g
}

// order sets the stages, and returns each stack's stage. A stack's stage is the first one after the
// stages of all stacks that it depends on. In the list, a stack comes after those stacks.
func (g *Graph) order(stacks []organization.Stack) map[string]int {
	stage := map[string]int{}
	for _, s := range stacks {
		last := 0
		for _, other := range s.Before() {
			last = max(last, stage[other])
		}
		stage[s.Name] = last + 1
		if last == len(g.stages) {
			g.stages = append(g.stages, nil)
		}
		g.stages[last] = append(g.stages[last], s.Name)
	}
	return stage
}

// marksOf returns the marks of an account.
func marksOf(org *organization.Organization, name string) []mark {
	account, member := org.Accounts[name]
	var marks []mark
	for _, m := range []struct {
		mark mark
		is   bool
	}{
		{management, !member},
		{archive, org.HoldsArchive(name)},
		{users, name == org.Access.Account && len(org.IAMUsers()) > 0},
		{identityCenter, name == org.IdentityCenterAccount()},
		{alarms, !member && org.Alarmed()},
		{conformancePacks, name == org.ConformanceAccount()},
		{guardDuty, name == org.GuardDutyAccount()},
		{inspector, name == org.InspectorAccount()},
		{macie, name == org.MacieAccount()},
		{securityHub, name == org.SecurityHubAccount()},
		{protected, account.Protect},
		{quarantined, member && isQuarantined(org, account)},
	} {
		if m.is {
			marks = append(marks, m.mark)
		}
	}
	return marks
}

// isQuarantined reports whether an account, a unit around it or the root has the guardrail
// quarantine.
func isQuarantined(org *organization.Organization, account organization.Account) bool {
	guardrails := slices.Concat(account.Guardrails, org.RootGuardrails())
	for unit := account.Unit; unit != ""; unit = org.Units[unit].Parent {
		guardrails = append(guardrails, org.Units[unit].Guardrails...)
	}
	return slices.Contains(guardrails, organization.Quarantine)
}

// trails adds the arrows for logs.
func (g *Graph) trails(org *organization.Organization, ids map[string]string) {
	archive := ids[org.Audit.Account]
	switch {
	case org.Audit.OrganizationTrail():
		g.edges = append(g.edges, edge{from: master, to: archive, label: "trail of all accounts", logs: true})
	case org.Audit.AccountTrails():
		g.edges = append(g.edges, edge{from: master, to: archive, label: "trail", logs: true})
	}
	if !org.Audit.AccountTrails() {
		return
	}
	for _, name := range org.AccountNames() {
		if name != org.Audit.Account {
			g.edges = append(g.edges, edge{from: ids[name], to: archive, label: "trail", logs: true})
		}
	}
}

// lines returns the lines of text about an account.
func (n *node) lines() []string {
	lines := append([]string{n.name}, n.zones...)
	if n.network != "" {
		lines = append(lines, n.network)
	}
	if len(n.marks) > 0 {
		lines = append(lines, joined(n.marks))
	}
	return lines
}

func (n *node) has(m mark) bool { return slices.Contains(n.marks, m) }

func joined(marks []mark) string {
	words := make([]string, len(marks))
	for i, m := range marks {
		words[i] = string(m)
	}
	return strings.Join(words, ", ")
}

// stageWidth is the maximum number of characters in a line of stage names.
const stageWidth = 40

// stageLines returns the names of stacks that run side by side, as lines of text.
func stageLines(stacks []string) []string {
	lines := []string{stacks[0]}
	for _, name := range stacks[1:] {
		last := &lines[len(lines)-1]
		*last += ","
		if len(*last)+len(name) > stageWidth {
			lines = append(lines, name)
			continue
		}
		*last += " " + name
	}
	return lines
}
