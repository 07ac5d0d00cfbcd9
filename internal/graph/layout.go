package graph

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/organization"
)

// The picture has four parts, from left to right: a column with the management account, the order
// of stacks and a legend; a trunk of delegations with a branch to each unit; the units, one below
// the other; and a trunk of trails. The trunk of trails starts at the management account, passes
// above all units and ends at the archive. Arrows cross only the borders of units around the
// archive, because the archive's card is the last in its row.

// Lengths in pixels.
const (
	margin      = 24 // around the picture
	gap         = 12 // between cards, and between boxes
	pad         = 14 // within a box
	cardPad     = 12 // within a card
	trunk       = 64 // the width of the trunk of delegations
	returnTrunk = 28 // the width of the trunk of trails
	overhead    = 44 // the height of the line of trails above the units
	badgeSize   = 18
	chipHeight  = 17
	chipPad     = 6

	minCard, maxCard = 156, 264
	minSide          = 216 // the minimum width of the left column
	maxColumns       = 4
)

var (
	titleFont   = font{22, true}
	factsFont   = font{13, false}
	headingFont = font{13, true}
	nameFont    = font{15, true}
	lineFont    = font{12, false}
	personFont  = font{12, true}
	chipFont    = font{11, false}
	badgeFont   = font{11, true}
)

type point struct{ x, y int }

type rect struct{ x, y, w, h int }

func (r rect) right() int  { return r.x + r.w }
func (r rect) bottom() int { return r.y + r.h }

// label is a line of text. y is its top.
type label struct {
	point
	text string
	font font
	// muted shows less important text in a weaker colour.
	muted bool
}

func (l label) rect() rect { return rect{l.x, l.y, l.font.width(l.text), l.font.line()} }

// badge is the number of a stage, in a circle. The point is the circle's upper left corner.
type badge struct {
	point
	stage int
}

func (b badge) rect() rect { return rect{b.x, b.y, badgeSize, badgeSize} }

// chip is a mark of an account.
type chip struct {
	rect
	mark mark
}

// card is an account.
type card struct {
	rect
	id     string
	labels []label
	badge  badge
	chips  []chip
}

// lane is a unit: its accounts in rows, then the units in it, one below the other and all equally
// wide.
type lane struct {
	rect
	depth  int
	labels []label
	cards  []card
	lanes  []*lane
}

// picture has the places of everything.
type picture struct {
	rect
	labels []label // outside of cards and units
	badges []badge // the numbers in the order of stacks
	master card
	lanes  []*lane
	arrows []arrow
}

// layout returns the picture with as few columns of cards as possible, so that it is at least four
// thirds as wide as high.
func (g *Graph) layout() *picture {
	columns := 1
	for {
		p := g.layoutIn(columns)
		if columns >= min(maxColumns, widest(g.units())) || 3*p.w >= 4*p.h {
			return p
		}
		columns++
	}
}

// layoutIn returns the picture with at least a number of columns of cards.
func (g *Graph) layoutIn(columns int) *picture {
	units := g.units()
	cardWidth := g.cardWidth()
	side := max(minSide, cardWidth)
	width := margin + side + margin
	p := &picture{}
	var inner rect
	if len(units) > 0 {
		inner = rect{x: margin + side + trunk, w: columns*(cardWidth+gap) - gap + 2*pad*deepest(units)}
		width = inner.right() + returnTrunk + margin
	}
	y := p.heading(g, width-2*margin)
	if g.audit.Trail != organization.TrailNone {
		y += overhead
	} else {
		y += gap
	}
	p.master = layoutCard(g.top.nodes[0], point{margin, y}, side)
	below := p.side(g, rect{x: margin, y: p.master.bottom() + margin, w: side})
	below = p.people(g, rect{x: margin, y: below, w: side})
	bottom := y
	for _, u := range units {
		l := layoutLane(u, rect{x: inner.x, y: bottom, w: inner.w}, 0, cardWidth)
		p.lanes = append(p.lanes, l)
		bottom = l.bottom() + gap
	}
	p.rect = rect{w: width, h: max(bottom-gap, below) + margin}
	p.connect(g)
	return p
}

// units are the top-level boxes: those of the units, and one for the accounts in no unit.
func (g *Graph) units() []*box {
	units := g.top.boxes
	if rootless := g.top.nodes[1:]; len(rootless) > 0 {
		units = append(units[:len(units):len(units)], &box{label: "root, in no unit", nodes: rootless})
	}
	return units
}

// deepest returns how many levels of boxes are nested.
func deepest(boxes []*box) int {
	depth := 0
	for _, b := range boxes {
		depth = max(depth, 1+deepest(b.boxes))
	}
	return depth
}

// widest returns the number of accounts directly in the largest box.
func widest(boxes []*box) int {
	n := 0
	for _, b := range boxes {
		n = max(n, len(b.nodes), widest(b.boxes))
	}
	return n
}

// cardWidth returns the width of all cards. It depends on the longest line, within limits.
func (g *Graph) cardWidth() int {
	width := minCard
	var visit func(*box)
	visit = func(b *box) {
		for _, n := range b.nodes {
			width = max(width, nameFont.width(n.name)+gap+badgeSize+2*cardPad)
			for _, line := range n.facts() {
				width = max(width, lineFont.width(line)+2*cardPad)
			}
		}
		for _, inner := range b.boxes {
			visit(inner)
		}
	}
	visit(&g.top)
	return min(width, maxCard)
}

// facts are the lines of a card below its name.
func (n *node) facts() []string {
	if n.network == "" {
		return n.zones
	}
	return append(n.zones[:len(n.zones):len(n.zones)], n.network)
}

// layoutLane places a box and everything in it. The archive's card comes last, so that nothing is
// in the way to its right.
func layoutLane(b *box, area rect, depth, cardWidth int) *lane {
	l := &lane{rect: area, depth: depth}
	inner := rect{x: area.x + pad, w: area.w - 2*pad}
	var y int
	l.labels, y = text(b.label, headingFont, false, point{inner.x, area.y + pad}, inner.w)
	y += pad / 2
	y = l.rows(archiveLast(b.nodes), rect{x: inner.x, y: y, w: inner.w}, cardWidth)
	for _, unit := range b.boxes {
		lower := layoutLane(unit, rect{x: inner.x, y: y, w: inner.w}, depth+1, cardWidth)
		l.lanes = append(l.lanes, lower)
		y = lower.bottom() + gap
	}
	if b.empty() {
		var none []label
		none, y = text(noAccounts, lineFont, true, point{inner.x, y}, inner.w)
		l.labels = append(l.labels, none...)
		y += gap
	}
	l.h = y - gap + pad - l.y
	return l
}

// rows places cards in rows, and returns the y coordinate below them. Full rows fill the width. All
// cards in a row are as high as the highest.
func (l *lane) rows(nodes []*node, area rect, cardWidth int) int {
	columns := max(1, (area.w+gap)/(cardWidth+gap))
	cardWidth = (area.w+gap)/columns - gap
	y := area.y
	for start := 0; start < len(nodes); start += columns {
		row := nodes[start:min(start+columns, len(nodes))]
		height := 0
		for i, n := range row {
			c := layoutCard(n, point{area.x + i*(cardWidth+gap), y}, cardWidth)
			height = max(height, c.h)
			l.cards = append(l.cards, c)
		}
		for i := range row {
			l.cards[start+i].h = height
		}
		y += height + gap
	}
	return y
}

func archiveLast(nodes []*node) []*node {
	var others, last []*node
	for _, n := range nodes {
		if n.has(archive) {
			last = append(last, n)
		} else {
			others = append(others, n)
		}
	}
	return append(others, last...)
}

// layoutCard places an account's card with its upper left corner at a point.
func layoutCard(n *node, at point, width int) card {
	c := card{rect: rect{at.x, at.y, width, 0}, id: n.id}
	inner := width - 2*cardPad
	c.badge = badge{point{c.right() - cardPad - badgeSize, at.y + cardPad}, n.stage}
	y := at.y + cardPad
	c.labels, y = text(n.name, nameFont, false, point{at.x + cardPad, y}, inner-badgeSize-gap)
	y = max(y, c.badge.rect().bottom())
	for _, fact := range n.facts() {
		var labels []label
		labels, y = text(fact, lineFont, true, point{at.x + cardPad, y}, inner)
		c.labels = append(c.labels, labels...)
	}
	if len(n.marks) > 0 {
		c.chips, y = chips(n.marks, rect{x: at.x + cardPad, y: y + cardPad/2, w: inner})
	}
	c.h = y + cardPad - at.y
	return c
}

// chips places marks in rows, and returns the y coordinate below them.
func chips(marks []mark, area rect) ([]chip, int) {
	var placed []chip
	x, y := area.x, area.y
	for _, m := range marks {
		w := chipFont.width(string(m)) + 2*chipPad
		if x > area.x && x+w > area.right() {
			x, y = area.x, y+chipHeight+chipPad
		}
		placed = append(placed, chip{rect{x, y, w, chipHeight}, m})
		x += w + chipPad
	}
	return placed, y + chipHeight
}

// text places a text, broken into lines, and returns the y coordinate below it.
func text(s string, f font, muted bool, at point, width int) ([]label, int) {
	var labels []label
	for _, line := range f.wrap(s, width) {
		labels = append(labels, label{at, line, f, muted})
		at.y += f.line()
	}
	return labels, at.y
}

// heading places the picture's title, and returns the y coordinate below it.
func (p *picture) heading(g *Graph, width int) int {
	title, y := text(g.namespace, titleFont, false, point{margin, margin}, width)
	facts, y := text(g.facts(), factsFont, true, point{margin, y + 2}, width)
	p.labels = append(p.labels, append(title, facts...)...)
	return y
}

// facts returns a line about the organization.
func (g *Graph) facts() string {
	n := 0
	for _, stacks := range g.stages {
		n += len(stacks)
	}
	return fmt.Sprintf("%s, region %s, network %s", count(n, "account"), g.region, g.space)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// side places what is below the management account: the order of stacks, and the legend. It returns
// the y coordinate below them.
func (p *picture) side(g *Graph, area rect) int {
	y := p.note("Stacks run in this order", headingFont, point{area.x, area.y}, area.w) + pad/2
	for i, stacks := range g.stages {
		p.badges = append(p.badges, badge{point{area.x, y}, i + 1})
		what := stacks[0]
		if len(stacks) > 1 {
			what = fmt.Sprintf("the %d others, side by side", len(stacks))
		}
		below := p.note(what, lineFont, point{area.x + badgeSize + gap, y + 1}, area.w-badgeSize-gap)
		y = max(below, y+badgeSize) + gap
	}
	if len(g.edges) == 0 {
		return y - gap
	}
	y = p.note("Arrows", headingFont, point{area.x, y + gap}, area.w) + pad/2
	y = p.legend("delegates each account's zone", false, rect{area.x, y, area.w, 0})
	if g.audit.OrganizationTrail() {
		y = p.legend("the organization's trail: logs of every account", true, rect{area.x, y, area.w, 0})
	}
	if g.audit.AccountTrails() {
		y = p.legend("the trail of each account", true, rect{area.x, y, area.w, 0})
	}
	return y - gap
}

// legend places an arrow with its meaning, and returns the y coordinate below it.
func (p *picture) legend(meaning string, logs bool, area rect) int {
	const length = 32
	middle := area.y + lineFont.line()/2
	p.arrows = append(p.arrows, arrow{[]point{{area.x, middle}, {area.x + length, middle}}, logs})
	return p.note(meaning, lineFont, point{area.x + length + gap, area.y}, area.w-length-gap) + gap/2
}

// note places a text outside of cards and units.
func (p *picture) note(s string, f font, at point, width int) int {
	labels, y := text(s, f, f == lineFont, at, width)
	p.labels = append(p.labels, labels...)
	return y
}
