package graph

import (
	"iter"
)

// arrow is a line of horizontal and vertical parts.
type arrow struct {
	points []point
	logs   bool
}

// joint is the y coordinate at which lines start and end at a unit's border.
func (l *lane) joint() int { return l.y + pad + headingFont.line()/2 }

// connect draws the arrows. Everything else has its place by then.
func (p *picture) connect(g *Graph) {
	p.delegations()
	if archive, ok := p.archive(g); ok {
		p.trails(archive, g.audit.AccountTrails())
	}
}

// delegations draws the arrows for delegations: a trunk from the management account, with branches.
func (p *picture) delegations() {
	from := point{p.master.right(), p.master.y + pad + headingFont.line()/2}
	x := from.x + trunk/2
	end := from
	for _, l := range p.lanes {
		if !l.sends("") {
			continue // Without an account there is no zone.
		}
		branch := arrow{points: []point{{x, end.y}, {x, l.joint()}, {l.x, l.joint()}}}
		if end == from {
			branch.points = append([]point{from}, branch.points...)
		}
		p.arrows = append(p.arrows, branch)
		end = point{x, l.joint()}
	}
}

// trails draws the arrows for logs that go to the archive: from the management account above all
// units, and with each also from every unit, whose accounts then have trails of their own.
func (p *picture) trails(archive card, each bool) {
	to := point{archive.right(), archive.y + archive.h/2}
	x := p.w - margin - returnTrunk/4
	start := point{p.master.x + p.master.w/2, p.master.y}
	over := start.y - overhead/3
	p.arrows = append(p.arrows, arrow{[]point{start, {start.x, over}, {x, over}, {x, to.y}, to}, true})
	for _, l := range p.lanes {
		if each && l.sends(archive.id) {
			p.arrows = append(p.arrows, arrow{[]point{{l.right(), l.joint()}, {x, l.joint()}, {x, to.y}, to}, true})
		}
	}
}

// archive returns the card of the log archive, if there is one.
func (p *picture) archive(g *Graph) (card, bool) {
	for _, e := range g.edges {
		if !e.logs {
			continue
		}
		for _, l := range p.lanes {
			for c := range l.all() {
				if c.id == e.to {
					return c, true
				}
			}
		}
	}
	return card{}, false
}

// all returns the cards of a unit and of the units in it.
func (l *lane) all() iter.Seq[card] {
	return func(yield func(card) bool) { l.each(yield) }
}

func (l *lane) each(yield func(card) bool) bool {
	for _, c := range l.cards {
		if !yield(c) {
			return false
		}
	}
	for _, lower := range l.lanes {
		if !lower.each(yield) {
			return false
		}
	}
	return true
}

// sends reports whether a unit has an account other than the archive's.
func (l *lane) sends(archive string) bool {
	for c := range l.all() {
		if c.id != archive {
			return true
		}
	}
	return false
}
