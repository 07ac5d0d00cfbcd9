package authorization

import "slices"

// truth is whether something holds.
type truth int8

const (
	no truth = iota
	perhaps
	yes
)

// answer is whether something holds, and what would have to be known if that isn't sure.
type answer struct {
	truth truth
	needs []string
}

func is(holds bool) answer {
	if holds {
		return answer{truth: yes}
	}
	return answer{truth: no}
}

func unknown(what string) answer { return answer{perhaps, []string{what}} }

func (a answer) not() answer { return answer{yes - a.truth, a.needs} }

func (a answer) and(b answer) answer {
	if a.truth == b.truth {
		return answer{a.truth, slices.Concat(a.needs, b.needs)}
	}
	if a.truth < b.truth {
		return a
	}
	return b
}

func (a answer) or(b answer) answer { return a.not().and(b.not()).not() }
