package graph

import (
	"fmt"
	"strings"
	"unicode"
)

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
	g.mermaidPeople(&b)
	b.WriteString("  subgraph stacks[\"stacks, in the order in which they run\"]\n    direction LR\n")
	for i, names := range g.stages {
		fmt.Fprintf(&b, "    stage%d[%s]\n", i+1, mermaidText(stageLines(names)...))
		if i > 0 {
			fmt.Fprintf(&b, "    stage%d -- then --> stage%d\n", i, i+1)
		}
	}
	b.WriteString("  end\n")
	return b.String()
}

func (x *box) mermaid(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%ssubgraph %s[%s]\n", indent, x.id, mermaidText(x.label))
	// A subgraph doesn't inherit the direction of the flowchart.
	fmt.Fprintf(b, "%s  direction LR\n", indent)
	for _, n := range x.nodes {
		fmt.Fprintf(b, "%s  %s[%s]\n", indent, n.id, mermaidText(n.lines()...))
	}
	if x.empty() {
		fmt.Fprintf(b, "%s  %snone[%s]\n", indent, x.id, noAccounts)
	}
	for _, inner := range x.boxes {
		inner.mermaid(b, indent+"  ")
	}
	fmt.Fprintf(b, "%send\n", indent)
}

// mermaidText quotes lines of text. Mermaid interprets Markdown and HTML in a quoted text, so every
// character that may have a meaning is written as a numeric entity.
// https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
func mermaidText(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range line {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune(" .,-/", r):
				b.WriteRune(r)
			case unicode.IsControl(r):
				b.WriteByte(' ')
			default:
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
