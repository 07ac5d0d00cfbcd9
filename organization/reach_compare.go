package organization

import (
	"slices"
)

// ReachDiff is how one access matrix differs from another.
type ReachDiff struct {
	Added   []Reach       `json:"added"`
	Removed []Reach       `json:"removed"`
	Changed []ReachChange `json:"changed"`
}

// ReachChange is a way in that stays, and allows something else or on another
// condition.
type ReachChange struct {
	Before Reach `json:"before"`
	After  Reach `json:"after"`
}

// Len returns how many lines differ.
func (d ReachDiff) Len() int { return len(d.Added) + len(d.Removed) + len(d.Changed) }

// CompareReach returns how the access matrix after a change differs from that
// before it. Lines are in the order of the matrices.
func CompareReach(before, after []Reach) ReachDiff {
	diff := ReachDiff{Added: []Reach{}, Removed: []Reach{}, Changed: []ReachChange{}}
	was := map[reachKey][]Reach{}
	for _, r := range before {
		was[r.key()] = append(was[r.key()], r)
	}
	for _, r := range after {
		key := r.key()
		switch old := was[key]; {
		case len(old) == 0:
			diff.Added = append(diff.Added, r)
		case old[0].If != r.If || !slices.Equal(old[0].May, r.May):
			diff.Changed = append(diff.Changed, ReachChange{Before: old[0], After: r})
			was[key] = old[1:]
		default:
			was[key] = old[1:]
		}
	}
	for _, r := range before {
		// What is left of each key are its last lines.
		if left := was[r.key()]; len(left) > 0 {
			diff.Removed = append(diff.Removed, left[0])
			was[r.key()] = left[1:]
		}
	}
	return diff
}

// reachKey is what makes two lines be about the same way in.
type reachKey struct{ who, by, account, role string }

func (r Reach) key() reachKey { return reachKey{r.Who, r.By, r.Account, r.Role} }
