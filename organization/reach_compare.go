package organization

import (
	"maps"
	"slices"
	"strings"
)

// ReachDiff is how one access matrix differs from another.
type ReachDiff struct {
	Added   []Reach       `json:"added"`
	Removed []Reach       `json:"removed"`
	Changed []ReachChange `json:"changed"`
	// Moved are people who reach what they did, by other ways.
	Moved []ReachMove `json:"moved"`
}

// ReachChange is a way in that stays, and allows something else or on another
// condition.
type ReachChange struct {
	Before Reach `json:"before"`
	After  Reach `json:"after"`
}

// ReachMove says by which ways people reach roles that they reach before a change and after it. Such roles are among those added or removed
// for no way of these people's.
type ReachMove struct {
	Who []string `json:"who"`
	// Before and After are ways, in alphabetical order.
	Before []string `json:"before"`
	After  []string `json:"after"`
	// Roles is how many roles each of them reaches, in how many accounts.
	Roles    int `json:"roles"`
	Accounts int `json:"accounts"`
}

// Len returns how many lines differ.
func (d ReachDiff) Len() int {
	return len(d.Added) + len(d.Removed) + len(d.Changed) + len(d.Moved)
}

// CompareReach returns how the access matrix after a change differs from that
// before it. Lines are in the order of the matrices.
func CompareReach(before, after []Reach) ReachDiff {
	diff := ReachDiff{Added: []Reach{}, Removed: []Reach{}, Changed: []ReachChange{}, Moved: []ReachMove{}}
	left := map[reachKey][]Reach{}
	for _, r := range before {
		left[r.key()] = append(left[r.key()], r)
	}
	for _, r := range after {
		key := r.key()
		switch old := left[key]; {
		case len(old) == 0:
			diff.Added = append(diff.Added, r)
		case old[0].If != r.If || !slices.Equal(old[0].May, r.May):
			diff.Changed = append(diff.Changed, ReachChange{Before: old[0], After: r})
			left[key] = old[1:]
		default:
			left[key] = old[1:]
		}
	}
	for _, r := range before {
		// What is left of each key are its last lines.
		if of := left[r.key()]; len(of) > 0 {
			diff.Removed = append(diff.Removed, of[0])
			left[r.key()] = of[1:]
		}
	}
	was, is := waysOf(before), waysOf(after)
	diff.joinDirectory(is, after)
	diff.move(was, is)
	return diff
}

// reachKey is what makes two lines be about the same way in.
type reachKey struct{ who, by, account, role string }

func (r Reach) key() reachKey { return reachKey{r.Who, r.By, r.Account, r.Role} }

// personal is what a person may do in an account, whatever the way is.
type personal struct{ who, account, grant, may string }

// personal is empty for a line that isn't about a person.
func (r Reach) personal() personal {
	if r.Grant == "" || r.Who == nobodyYet {
		return personal{}
	}
	return personal{r.Who, r.Account, r.Grant, strings.Join(r.May, "\n")}
}

// waysOf returns the ways by which each person reaches each role.
func waysOf(matrix []Reach) map[personal][]string {
	ways := map[personal][]string{}
	for _, r := range matrix {
		if p := r.personal(); p != (personal{}) && !slices.Contains(ways[p], r.Way) {
			ways[p] = slices.Sorted(slices.Values(append(ways[p], r.Way)))
		}
	}
	return ways
}

// joinDirectory adds the way of a group of an external directory to those of its users in IAM who lose theirs. Whether the directory has them in
// the group, the file doesn't say.
func (d *ReachDiff) joinDirectory(is map[personal][]string, after []Reach) {
	groups := map[personal]string{}
	for _, r := range after {
		if name, external := strings.CutPrefix(r.Who, whoever); external {
			groups[personal{r.Group, r.Account, r.Grant, strings.Join(r.May, "\n")}] = name
		}
	}
	for _, r := range d.Removed {
		p := r.personal()
		if name := groups[personal{r.Group, p.account, p.grant, p.may}]; name != "" && p != (personal{}) && len(is[p]) == 0 {
			is[p] = []string{WayIdentityCenter + ", if the directory has them in " + name}
		}
	}
}

// move takes out of a difference what people reach by other ways than before, and says so once for all who move alike.
func (d *ReachDiff) move(was, is map[personal][]string) {
	moves := func(p personal) bool {
		return len(was[p]) > 0 && len(is[p]) > 0 && !slices.Equal(was[p], is[p])
	}
	d.Added = slices.DeleteFunc(d.Added, func(r Reach) bool { return moves(r.personal()) && !slices.Contains(was[r.personal()], r.Way) })
	d.Removed = slices.DeleteFunc(d.Removed, func(r Reach) bool { return moves(r.personal()) && !slices.Contains(is[r.personal()], r.Way) })
	type ways struct{ who, before, after string }
	moved := map[ways][]personal{}
	for p := range is {
		if moves(p) {
			w := ways{p.who, strings.Join(was[p], "\n"), strings.Join(is[p], "\n")}
			moved[w] = append(moved[w], p)
		}
	}
	for _, w := range slices.SortedFunc(maps.Keys(moved), func(a, b ways) int { return strings.Compare(a.before+a.after+a.who, b.before+b.after+b.who) }) {
		accounts := map[string]bool{}
		for _, p := range moved[w] {
			accounts[p.account] = true
		}
		m := ReachMove{Who: []string{w.who}, Before: strings.Split(w.before, "\n"), After: strings.Split(w.after, "\n"), Roles: len(moved[w]), Accounts: len(accounts)}
		i := slices.IndexFunc(d.Moved, func(other ReachMove) bool {
			return slices.Equal(other.Before, m.Before) && slices.Equal(other.After, m.After) && other.Roles == m.Roles && other.Accounts == m.Accounts
		})
		if i >= 0 {
			d.Moved[i].Who = append(d.Moved[i].Who, w.who)
			continue
		}
		d.Moved = append(d.Moved, m)
	}
}
