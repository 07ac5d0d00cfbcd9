package graph

import (
	"fmt"
	"strings"
	"unicode"
)

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
		fmt.Fprintf(&b, "  %s -> %s [label=%s style=%s]\n", e.from, e.to, dotText(e.label), style)
	}
	g.dotPeople(&b)
	b.WriteString("  subgraph cluster_stacks {\n    label=\"stacks, in the order in which they run\"\n")
	for i, names := range g.stages {
		fmt.Fprintf(&b, "    stage%d [label=%s]\n", i+1, dotText(stageLines(names)...))
		if i > 0 {
			fmt.Fprintf(&b, "    stage%d -> stage%d [label=then]\n", i, i+1)
		}
	}
	b.WriteString("  }\n}\n")
	return b.String()
}

func (x *box) dot(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%ssubgraph cluster_%s {\n%s  label=%s\n", indent, x.id, indent, dotText(x.label))
	for _, n := range x.nodes {
		fmt.Fprintf(b, "%s  %s [label=%s]\n", indent, n.id, dotText(n.lines()...))
	}
	if x.empty() {
		fmt.Fprintf(b, "%s  %snone [label=%q shape=plaintext]\n", indent, x.id, noAccounts)
	}
	for _, inner := range x.boxes {
		inner.dot(b, indent+"  ")
	}
	fmt.Fprintf(b, "%s}\n", indent)
}

// dotText quotes lines of text. Graphviz interprets escapes and HTML entities in a quoted text.
// https://graphviz.org/docs/attr-types/escString/
func dotText(lines ...string) string {
	quoted := make([]string, len(lines))
	for i, line := range lines {
		line = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;").Replace(line)
		quoted[i] = strings.Map(blankControl, line)
	}
	return `"` + strings.Join(quoted, `\n`) + `"`
}

// blankControl replaces an invisible control character by a space.
func blankControl(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}
