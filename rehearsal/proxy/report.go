package proxy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Report has the numbers of calls, and what became of them. Calls, Throttled, Refused and
// Waited are the sums of all actions. Durations are nanoseconds in JSON.
type Report struct {
	Calls     int           `json:"calls"`
	Throttled int           `json:"throttled"`
	Refused   int           `json:"refused"`
	Waited    time.Duration `json:"waited"`
	// Actions are the actions that clients called, those with the longest Waited first.
	Actions []ActionReport `json:"actions"`
	// Rules has the number of calls that each rule refused, throttled calls included, by the
	// rule's name, or by the kind of refusal that the rule has named.
	Rules map[string]int `json:"rules"`
	// ContractOnly has the number of calls that a rule answered in the emulator's place, by AWS's model of the service
	// alone, by the action.
	ContractOnly map[string]int `json:"contractOnly,omitempty"`
	// Undecided has the number of calls that passed although a rule couldn't tell whether AWS
	// would let them pass, by the action and what would have to be known.
	Undecided map[string]int `json:"undecided,omitempty"`
}

// ActionReport has the numbers for the calls of one action.
type ActionReport struct {
	Action    string `json:"action"` // such as organizations:CreateAccount
	Calls     int    `json:"calls"`
	Throttled int    `json:"throttled"`
	Refused   int    `json:"refused"` // by a rule, for another reason than throttling
	// Waited is AWS's time between a throttled call and the next call that no rule refused. It
	// is measured for each account, and is the sum of all accounts.
	Waited time.Duration `json:"waited"`
	// Emulator is how long the emulator took to answer, in this machine's time.
	Emulator time.Duration `json:"emulator"`
}

// String returns the report as text for people: the totals, the actions with refused calls,
// and the rules that refused calls.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d calls, %d throttled, %d refused otherwise, %s waited\n", r.Calls, r.Throttled, r.Refused, r.Waited.Round(time.Second))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, a := range r.Actions {
		if a.Throttled+a.Refused > 0 {
			fmt.Fprintf(t, "  %s\t%d calls\t%d throttled\t%d refused\t%s waited\n", a.Action, a.Calls, a.Throttled, a.Refused, a.Waited.Round(time.Second))
		}
	}
	_ = t.Flush() // Writing to a strings.Builder never fails.
	for _, name := range slices.Sorted(maps.Keys(r.Rules)) {
		fmt.Fprintf(&b, "  %s: %d\n", name, r.Rules[name])
	}
	for _, what := range slices.Sorted(maps.Keys(r.Undecided)) {
		fmt.Fprintf(&b, "  not decided: %s: %d\n", what, r.Undecided[what])
	}
	return b.String()
}

// counts collects the numbers of a Report.
type counts struct {
	mu      sync.Mutex
	actions map[string]*ActionReport
	rules   map[string]int
	kept    map[string]int
	doubts  map[string]int
	// waiting has, by account and action, the time since which calls are throttled.
	waiting map[string]time.Time
}

func newCounts() *counts {
	return &counts{actions: map[string]*ActionReport{}, rules: map[string]int{}, kept: map[string]int{}, doubts: map[string]int{}, waiting: map[string]time.Time{}}
}

func (n *counts) of(c *Call) *ActionReport {
	name := c.String()
	if n.actions[name] == nil {
		n.actions[name] = &ActionReport{Action: name}
	}
	return n.actions[name]
}

func (n *counts) call(c *Call, a *Answer, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	action, who := n.of(c), c.Caller.Account+" "+c.String()
	action.Calls++
	since, waiting := n.waiting[who]
	switch {
	case a.Throttled:
		action.Throttled++
		if !waiting {
			n.waiting[who] = now
		}
	case a.By != "" && !a.OK():
		action.Refused++
	case waiting:
		action.Waited += now.Sub(since)
		delete(n.waiting, who)
	}
	if a.By != "" && !a.OK() {
		n.rules[a.By]++
	}
	if a.Kept {
		n.kept[c.String()]++
	}
	for _, need := range c.doubts {
		n.doubts[c.String()+" without "+need]++
	}
}

func (n *counts) emulator(c *Call, took time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of(c).Emulator += took
}

func (n *counts) report() Report {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := Report{Rules: maps.Clone(n.rules), ContractOnly: maps.Clone(n.kept), Undecided: maps.Clone(n.doubts)}
	for _, a := range n.actions {
		r.Calls += a.Calls
		r.Throttled += a.Throttled
		r.Refused += a.Refused
		r.Waited += a.Waited
		r.Actions = append(r.Actions, *a)
	}
	slices.SortFunc(r.Actions, func(a, b ActionReport) int {
		return cmp.Or(cmp.Compare(b.Waited, a.Waited), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Action, b.Action))
	})
	return r
}
