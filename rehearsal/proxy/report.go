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

// Report says what calls were made and what became of them.
type Report struct {
	Calls     int           `json:"calls"`
	Throttled int           `json:"throttled"`
	Refused   int           `json:"refused"`
	Waited    time.Duration `json:"waited"`
	// Actions are those that were called, the ones that were waited for longest
	// first.
	Actions []ActionReport `json:"actions"`
	// Rules counts by name what each rule refused.
	Rules map[string]int `json:"rules"`
}

// ActionReport is what became of one action's calls.
type ActionReport struct {
	Action    string `json:"action"` // organizations:CreateAccount
	Calls     int    `json:"calls"`
	Throttled int    `json:"throttled"`
	Refused   int    `json:"refused"` // but for throttling
	// Waited is how much of AWS's time passed from a first refusal for coming too
	// early to the next success, of all accounts together.
	Waited time.Duration `json:"waited"`
	// Emulator is how long the emulator took for its answers.
	Emulator time.Duration `json:"emulator"`
}

// String is the report for people: the actions that were held up, and the rules
// that refused something.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d calls, %d throttled, %d refused otherwise, %s waited\n", r.Calls, r.Throttled, r.Refused, r.Waited.Round(time.Second))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, a := range r.Actions {
		if a.Throttled+a.Refused > 0 {
			fmt.Fprintf(t, "  %s\t%d calls\t%d throttled\t%d refused\t%s waited\n", a.Action, a.Calls, a.Throttled, a.Refused, a.Waited.Round(time.Second))
		}
	}
	_ = t.Flush() // a builder never fails
	for _, name := range slices.Sorted(maps.Keys(r.Rules)) {
		fmt.Fprintf(&b, "  %s: %d\n", name, r.Rules[name])
	}
	return b.String()
}

// counts is what a Report is made of.
type counts struct {
	mu      sync.Mutex
	actions map[string]*ActionReport
	rules   map[string]int
	waiting map[string]time.Time // by account and action, since when
}

func newCounts() *counts {
	return &counts{actions: map[string]*ActionReport{}, rules: map[string]int{}, waiting: map[string]time.Time{}}
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
}

func (n *counts) emulator(c *Call, took time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of(c).Emulator += took
}

func (n *counts) report() Report {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := Report{Rules: maps.Clone(n.rules)}
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
