package graph

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// SVG returns the graph as a picture. It needs nothing from the page around it: it has a
// background, and follows the reader's choice of light or dark, even in an <img>, as GitHub uses
// it.
// https://www.w3.org/TR/SVG2/
func (g *Graph) SVG() string {
	p := g.layout()
	s := &svg{}
	s.addf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="coldstart-title coldstart-desc">`, p.w, p.h, p.w, p.h)
	s.addf(`<title id="coldstart-title">%s</title>`, escaped(g.top.label))
	s.addf(`<desc id="coldstart-desc">%s</desc>`, escaped(g.description()))
	s.addf("<style>\n%s</style>", styles())
	s.addf(`<rect class="page" x="0.5" y="0.5" width="%d" height="%d" rx="12"/>`, p.w-1, p.h-1)
	for _, l := range p.lanes {
		s.lane(l)
	}
	for _, a := range p.arrows {
		s.arrow(a)
	}
	s.card(p.master, "card master")
	for _, l := range p.lanes {
		for c := range l.all() {
			s.card(c, "card")
		}
	}
	for _, l := range p.labels {
		s.label(l)
	}
	for _, b := range p.badges {
		s.badge(b)
	}
	s.addf("</svg>")
	return s.String()
}

// svg is a picture that is being written.
type svg struct{ strings.Builder }

func (s *svg) addf(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// lane draws a unit and the units in it, without their cards.
func (s *svg) lane(l *lane) {
	s.box(l.rect, fmt.Sprintf("unit%d", l.depth%2), 8)
	for _, title := range l.labels {
		s.label(title)
	}
	for _, lower := range l.lanes {
		s.lane(lower)
	}
}

func (s *svg) card(c card, class string) {
	s.box(c.rect, class, 6)
	for _, l := range c.labels {
		s.label(l)
	}
	s.badge(c.badge)
	for _, m := range c.chips {
		class := strings.Fields(string(m.mark))[0]
		s.box(m.rect, "chip "+class, chipHeight/2)
		s.text(label{point: point{m.x + chipPad, m.y + 1}, text: string(m.mark), font: chipFont}, "chip-text "+class)
	}
}

func (s *svg) box(r rect, class string, radius int) {
	s.addf(`<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, class, r.x, r.y, r.w, r.h, radius)
}

func (s *svg) badge(b badge) {
	const radius = badgeSize / 2
	number := fmt.Sprint(b.stage)
	s.addf(`<circle class="badge" cx="%d" cy="%d" r="%d"/>`, b.x+radius, b.y+radius, radius)
	s.text(label{point: point{b.x + (badgeSize-badgeFont.width(number))/2, b.y + 2}, text: number, font: badgeFont}, "badge-text")
}

func (s *svg) label(l label) {
	if l.muted {
		s.text(l, "muted")
	} else {
		s.text(l, "text")
	}
}

// text draws a line of text. If the text's width is known, a viewer with another font squeezes the
// text to that width. Other texts have enough room.
func (s *svg) text(l label, class string) {
	weight := ""
	if l.font.bold {
		weight = ` font-weight="bold"`
	}
	length := ""
	if ascii(l.text) {
		length = fmt.Sprintf(` textLength="%d" lengthAdjust="spacingAndGlyphs"`, l.font.width(l.text))
	}
	s.addf(`<text class="%s" x="%d" y="%d" font-size="%d"%s%s>%s</text>`, class, l.x, l.y+l.font.size, l.font.size, weight, length, escaped(l.text))
}

// Measures of an arrow.
const bend, headLength, headWidth = 8, 8, 5

// arrow draws a line with round bends and a head at its end.
func (s *svg) arrow(a arrow) {
	class := "delegation"
	if a.logs {
		class = "trail"
	}
	last := len(a.points) - 1
	end := a.points[last]
	back := toward(end, a.points[last-1], headLength)
	var path strings.Builder
	fmt.Fprintf(&path, "M%d %d", a.points[0].x, a.points[0].y)
	for i := 1; i < last; i++ {
		corner := a.points[i]
		before, after := toward(corner, a.points[i-1], bend), toward(corner, a.points[i+1], bend)
		fmt.Fprintf(&path, "L%d %dQ%d %d %d %d", before.x, before.y, corner.x, corner.y, after.x, after.y)
	}
	fmt.Fprintf(&path, "L%d %d", back.x, back.y)
	s.addf(`<path class="line %s" d="%s"/>`, class, path.String())
	s.addf(`<path class="head %s" d="M%d %dL%d %dL%d %dZ"/>`, class, end.x, end.y, back.x, back.y-headWidth, back.x, back.y+headWidth)
}

// toward returns the point at a distance from one point in the direction of another, which is
// beside, above or below it. If the points are near, it returns the middle.
func toward(from, to point, distance int) point {
	step := func(a, b int) int {
		switch d := min(distance, max(b-a, a-b)/2); {
		case b > a:
			return a + d
		default:
			return a - d
		}
	}
	return point{step(from.x, to.x), step(from.y, to.y)}
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// escaped returns a text with XML's escapes. It replaces characters that XML can't have.
func escaped(text string) string {
	var b strings.Builder
	// Writing to a strings.Builder never fails.
	_ = xml.EscapeText(&b, []byte(strings.Map(blankControl, text)))
	return b.String()
}

// description describes the picture in words.
func (g *Graph) description() string {
	var b strings.Builder
	for _, n := range g.top.nodes {
		fmt.Fprintf(&b, "Account %s.\n", n.described())
	}
	for _, unit := range g.top.boxes {
		unit.describe(&b, "")
	}
	fmt.Fprintf(&b, "%s delegates the zone of each member account.\n", g.domain)
	if g.audit.OrganizationTrail() {
		b.WriteString("A trail of the organization brings the logs of every account to the log archive.\n")
	}
	if g.audit.AccountTrails() {
		b.WriteString("A trail in each account brings its logs to the log archive.\n")
	}
	for _, drawn := range g.groups {
		fmt.Fprintf(&b, "By IAM Identity Center, group %s.\n", drawn.described())
	}
	b.WriteString("Stacks run in this order, those named together side by side: ")
	for i, stacks := range g.stages {
		if i > 0 {
			b.WriteString("; then ")
		}
		b.WriteString(strings.Join(stacks, ", "))
	}
	b.WriteString(".")
	return b.String()
}

func (x *box) describe(b *strings.Builder, within string) {
	fmt.Fprintf(b, "Unit %s%s:", x.label, within)
	for i, n := range x.nodes {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(" " + n.described())
	}
	if len(x.nodes) == 0 {
		b.WriteString(" " + noAccounts)
	}
	b.WriteString(".\n")
	for _, inner := range x.boxes {
		inner.describe(b, " in "+x.label)
	}
}

func (n *node) described() string {
	return strings.Join(n.lines(), ", ")
}
