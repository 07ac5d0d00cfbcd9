package rehearsal

import (
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// LimitReport is what AWS's limits did to bringing an organization up. Seconds are
// this machine's; AWS's are as many times Pace.
type LimitReport struct {
	// Pace is how many of AWS's seconds passed in one.
	Pace float64 `json:"pace"`
	// Created is how many accounts AWS was asked for, and took.
	Created int `json:"created"`
	// FloorSeconds is how long AWS's rate alone takes from the first request for an
	// account to the last.
	FloorSeconds float64 `json:"floorSeconds"`
	// Before is how long it took until AWS took the first request, Asking from there
	// to the last, and After from there until every stack was up.
	BeforeSeconds float64 `json:"beforeSeconds"`
	AskingSeconds float64 `json:"askingSeconds"`
	AfterSeconds  float64 `json:"afterSeconds"`
	// Calls are all that were made, and what became of them.
	Calls proxy.Report `json:"calls"`
}

// asked is when AWS took requests for accounts.
type asked struct {
	mu    sync.Mutex
	taken []time.Time
}

// call is told of every call and its answer.
func (a *asked) call(c *proxy.Call, answer *proxy.Answer) {
	if !c.Is("organizations", "CreateAccount") || !answer.OK() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken = append(a.taken, time.Now())
}

// limited returns what the limits did from begin to end; nil if there were none.
func (f *front) limited(begin, end time.Time) *LimitReport {
	if f.pace == 0 {
		return nil
	}
	f.asked.mu.Lock()
	defer f.asked.mu.Unlock()
	r := &LimitReport{Pace: float64(f.pace), Created: len(f.asked.taken), Calls: f.emulator.Calls()}
	r.FloorSeconds = round(pace.CreateAccount.At(f.pace).Least(r.Created))
	first, last := begin, begin
	if r.Created > 0 {
		first, last = f.asked.taken[0], f.asked.taken[r.Created-1]
	}
	r.BeforeSeconds, r.AskingSeconds, r.AfterSeconds = round(first.Sub(begin)), round(last.Sub(first)), round(end.Sub(last))
	return r
}
