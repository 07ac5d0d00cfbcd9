package graph

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/organization"
)

// organizations generates organizations of up to 60 accounts in units up to five
// deep, with names that validation would refuse too.
func organizations() *rapid.Generator[*organization.Organization] {
	return rapid.Custom(func(t *rapid.T) *organization.Organization {
		org := organization.Defaults()
		org.Namespace = name().Draw(t, "namespace")
		org.Domain = rapid.StringMatching(`[a-z]{1,63}(\.[a-z-]{1,60}){0,3}\.example`).Draw(t, "domain")
		org.Region = "us-west-2"
		org.Units = units(t)
		org.Accounts = map[string]organization.Account{}
		size := rapid.IntRange(0, 60).Draw(t, "size")
		for _, n := range rapid.SliceOfNDistinct(name(), size, size, rapid.ID).Draw(t, "accounts") {
			org.Accounts[n] = account(t, org)
		}
		org.Audit.Trail = organization.TrailNone
		if names := org.AccountNames(); len(names) > 0 {
			org.Audit.Trail = rapid.SampledFrom([]organization.TrailMode{organization.TrailNone, organization.TrailAccount, organization.TrailOrganization}).Draw(t, "trail")
			org.Audit.Account = rapid.SampledFrom(names).Draw(t, "audit")
			org.Access.Account = rapid.SampledFrom(append(names, organization.Master)).Draw(t, "users")
			org.Users = map[string]organization.User{"ada": {}}
			org.Access.People = rapid.SampledFrom([]organization.People{organization.PeopleIAM, organization.PeopleBoth}).Draw(t, "people")
			org.Access.Groups = map[string]map[string][]string{}
			for _, group := range rapid.SliceOfNDistinct(name(), 0, 20, rapid.ID).Draw(t, "groups") {
				org.Access.Groups[group] = map[string][]string{rapid.SampledFrom(append(names, organization.Master, organization.Every)).Draw(t, "in"): {organization.RoleAdmin, organization.RoleReadOnly}}
			}
		}
		return org
	})
}

// name generates names, that of the management account excluded.
func name() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z]{1,12}(-[a-z0-9]{1,8}){0,2}`),
		rapid.StringMatching(`[A-Za-z0-9 ._-]{1,128}`),
		rapid.StringOfN(rapid.Rune(), 1, 60, -1),
		rapid.Just(`</text>&"'\N#]`+"`"),
		rapid.Just(strings.Repeat("W", 50)),
	).Filter(func(s string) bool { return s != organization.Master })
}

func units(t *rapid.T) map[string]organization.Unit {
	units, depth := map[string]organization.Unit{}, map[string]int{"": 0}
	parents := []string{""}
	for _, n := range rapid.SliceOfNDistinct(name(), 0, 8, rapid.ID).Draw(t, "units") {
		parent := rapid.SampledFrom(parents).Draw(t, "parent")
		units[n] = organization.Unit{Parent: parent}
		if depth[n] = depth[parent] + 1; depth[n] < 5 {
			parents = append(parents, n)
		}
	}
	return units
}

func account(t *rapid.T, org *organization.Organization) organization.Account {
	a := organization.Account{Protect: rapid.Bool().Draw(t, "protect")}
	a.Unit = rapid.SampledFrom(append(org.UnitNames(), "")).Draw(t, "unit")
	if rapid.Bool().Draw(t, "quarantined") {
		a.Guardrails = []string{organization.Quarantine}
	}
	if rapid.Bool().Draw(t, "networked") {
		a.Network = netip.MustParsePrefix("10.100.100.128/25")
	}
	return a
}

func TestLayout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		org := organizations().Draw(t, "organization")
		p := Of(org).layout()
		top := []rect{p.master.rect}
		for _, l := range p.labels {
			top = append(top, l.rect())
		}
		for _, b := range p.badges {
			top = append(top, b.rect())
		}
		for _, l := range p.lanes {
			top = append(top, l.rect)
			checkLane(t, l)
		}
		checkApart(t, "the picture", p.rect, top)
		checkCard(t, p.master)
		checkArrows(t, p)
		n := 1
		for _, l := range p.lanes {
			for range l.all() {
				n++
			}
		}
		if n != len(org.Accounts)+1 {
			t.Errorf("%d cards for %d accounts", n, len(org.Accounts)+1)
		}
	})
}

// checkLane checks what is in a unit.
func checkLane(t *rapid.T, l *lane) {
	var inner []rect
	for _, title := range l.labels {
		inner = append(inner, title.rect())
	}
	for _, c := range l.cards {
		inner = append(inner, c.rect)
		checkCard(t, c)
	}
	for _, lower := range l.lanes {
		inner = append(inner, lower.rect)
		checkLane(t, lower)
	}
	checkApart(t, "a unit", l.rect, inner)
}

func checkCard(t *rapid.T, c card) {
	inner := []rect{c.badge.rect()}
	for _, l := range c.labels {
		inner = append(inner, l.rect())
	}
	for _, m := range c.chips {
		inner = append(inner, m.rect)
	}
	checkApart(t, "card "+c.id, c.rect, inner)
}

// checkApart checks that rectangles lie within one and apart from each other.
func checkApart(t *rapid.T, where string, outer rect, inner []rect) {
	for i, r := range inner {
		if r.x < outer.x || r.y < outer.y || r.right() > outer.right() || r.bottom() > outer.bottom() {
			t.Errorf("in %s %v, %v lies outside", where, outer, r)
		}
		for _, other := range inner[:i] {
			if overlap(r, other) {
				t.Errorf("in %s, %v and %v overlap", where, r, other)
			}
		}
	}
}

func overlap(a, b rect) bool {
	return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

// checkArrows checks that arrows stay in the picture and off all cards and text.
func checkArrows(t *rapid.T, p *picture) {
	var taken []rect
	for _, l := range p.labels {
		taken = append(taken, l.rect())
	}
	for _, l := range p.lanes {
		taken = append(taken, texts(l)...)
	}
	taken = append(taken, p.master.rect)
	for _, a := range p.arrows {
		for i, from := range a.points[1:] {
			to := a.points[i]
			part := rect{min(from.x, to.x), min(from.y, to.y), max(from.x-to.x, to.x-from.x), max(from.y-to.y, to.y-from.y)}
			if part.w > 0 && part.h > 0 {
				t.Errorf("%v goes aslant", a)
			}
			if part.x < 0 || part.y < 0 || part.right() > p.w || part.bottom() > p.h {
				t.Errorf("%v leaves the picture", a)
			}
			for _, r := range taken {
				if overlap(r, part) {
					t.Errorf("%v runs through %v", a, r)
				}
			}
		}
	}
}

// texts returns the titles and cards of a unit and of those in it.
func texts(l *lane) []rect {
	var all []rect
	for c := range l.all() {
		all = append(all, c.rect)
	}
	for _, title := range l.labels {
		all = append(all, title.rect())
	}
	for _, lower := range l.lanes {
		all = append(all, texts(lower)...)
	}
	return all
}

// Whatever names are, the picture is XML, and the same every time.
func TestSVGIsXML(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		org := organizations().Draw(t, "organization")
		picture := Of(org).SVG()
		if picture != Of(org).SVG() {
			t.Error("drawn twice, it differs")
		}
		cards := 0
		decoder := xml.NewDecoder(strings.NewReader(picture))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if start, ok := token.(xml.StartElement); ok && len(start.Attr) > 0 && strings.HasPrefix(start.Attr[0].Value, "card") {
				cards++
			}
		}
		if cards != len(org.Accounts)+1 {
			t.Errorf("%d cards for %d accounts", cards, len(org.Accounts)+1)
		}
	})
}

func TestStages(t *testing.T) {
	t.Parallel()
	for mode, want := range map[organization.TrailMode]string{
		organization.TrailNone:         "[[master] [audit dev prod]]",
		organization.TrailOrganization: "[[master] [audit dev prod]]",
		organization.TrailAccount:      "[[master] [audit] [dev prod]]",
	} {
		org := organization.Defaults()
		org.Accounts = map[string]organization.Account{"dev": {}, "audit": {}, "prod": {}}
		org.Audit.Trail, org.Audit.Account = mode, "audit"
		if got := fmt.Sprint(Of(org).stages); got != want {
			t.Errorf("%s: got %s, not %s", mode, got, want)
		}
	}
}
