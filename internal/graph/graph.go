// Package graph draws an organization from its declaration: the management
// account, units with their accounts, whom zones are delegated to, and where
// logs go. Nothing is asked of AWS.
package graph

import (
	"fmt"
	"strings"

	"github.com/coldstart-aws/coldstart/organization"
)

// Graph is an organization as boxes and arrows.
type Graph struct {
	top   box
	edges []edge
}

// box is a unit, with accounts and other units in it.
type box struct {
	id, label string
	nodes     []node
	boxes     []*box
}

// node is an account. Its lines are its name, its zone, and its network.
type node struct {
	id    string
	lines []string
}

// edge is an arrow.
type edge struct {
	from, to, label string
	// logs, if set, are what it stands for; otherwise a delegation.
	logs bool
}

// master is the id of the management account's node.
const master = "master"

// Of returns the graph of an organization. Accounts and units are in
// alphabetical order, each unit in its parent.
func Of(org *organization.Organization) *Graph {
	g := &Graph{top: box{id: "organization", label: "organization " + org.Namespace}}
	g.top.nodes = []node{{master, []string{organization.Master, org.Domain}}}
	boxes := map[string]*box{"": &g.top}
	for i, name := range org.UnitNames() {
		b := &box{id: fmt.Sprintf("unit%d", i), label: name}
		boxes[name] = b
		parent := boxes[org.Units[name].Parent]
		parent.boxes = append(parent.boxes, b)
	}
	ids := map[string]string{}
	for i, name := range org.AccountNames() {
		n := node{fmt.Sprintf("account%d", i), []string{name, org.ZoneName(name)}}
		if network := org.Accounts[name].Network; network.IsValid() {
			n.lines = append(n.lines, network.String())
		}
		ids[name] = n.id
		unit := boxes[org.Accounts[name].Unit]
		unit.nodes = append(unit.nodes, n)
		g.edges = append(g.edges, edge{from: master, to: n.id, label: "NS"})
	}
	g.trails(org, ids)
	return g
}

// trails adds where logs go.
func (g *Graph) trails(org *organization.Organization, ids map[string]string) {
	archive := ids[org.Audit.Account]
	switch org.Audit.Trail {
	case organization.TrailOrganization:
		g.edges = append(g.edges, edge{from: master, to: archive, label: "trail of all accounts", logs: true})
	case organization.TrailAccount:
		g.edges = append(g.edges, edge{from: master, to: archive, label: "trail", logs: true})
		for _, name := range org.AccountNames() {
			if name != org.Audit.Account {
				g.edges = append(g.edges, edge{from: ids[name], to: archive, label: "trail", logs: true})
			}
		}
	case organization.TrailNone:
	}
}

// Mermaid returns the graph in Mermaid's language, which GitHub draws.
// https://mermaid.js.org/syntax/flowchart.html
func (g *Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	g.top.mermaid(&b, "  ")
	for _, e := range g.edges {
		arrow := "-. %s .->"
		if e.logs {
			arrow = "== %s ==>"
		}
		fmt.Fprintf(&b, "  %s "+arrow+" %s\n", e.from, e.label, e.to)
	}
	return b.String()
}

func (x *box) mermaid(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%ssubgraph %s[\"%s\"]\n", indent, x.id, x.label)
	for _, n := range x.nodes {
		fmt.Fprintf(b, "%s  %s[\"%s\"]\n", indent, n.id, strings.Join(n.lines, "<br/>"))
	}
	for _, inner := range x.boxes {
		inner.mermaid(b, indent+"  ")
	}
	fmt.Fprintf(b, "%send\n", indent)
}

// DOT returns the graph in Graphviz's language.
// https://graphviz.org/doc/info/lang.html
func (g *Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph organization {\n  rankdir=LR\n  node [shape=box fontname=\"sans-serif\"]\n  graph [fontname=\"sans-serif\"]\n  edge [fontname=\"sans-serif\"]\n")
	g.top.dot(&b, "  ")
	for _, e := range g.edges {
		style := "dashed"
		if e.logs {
			style = "bold"
		}
		fmt.Fprintf(&b, "  %s -> %s [label=%q style=%s]\n", e.from, e.to, e.label, style)
	}
	b.WriteString("}\n")
	return b.String()
}

func (x *box) dot(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%ssubgraph \"cluster_%s\" {\n%s  label=%q\n", indent, x.id, indent, x.label)
	for _, n := range x.nodes {
		fmt.Fprintf(b, "%s  %s [label=\"%s\"]\n", indent, n.id, strings.Join(n.lines, `\n`))
	}
	for _, inner := range x.boxes {
		inner.dot(b, indent+"  ")
	}
	fmt.Fprintf(b, "%s}\n", indent)
}
