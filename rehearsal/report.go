package rehearsal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/replace"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// Report is what a rehearsal found. It is written to report.json; the fields
// are documented in docs/rehearsal.md and only ever added to.
type Report struct {
	// OK is set if every stack came up, every proof holds and the second up
	// changed nothing.
	OK bool `json:"ok"`
	// Problems say why not, one a line.
	Problems []string  `json:"problems"`
	Started  time.Time `json:"started"`
	// Organization says what was rehearsed, Emulator against what.
	Organization Summary `json:"organization"`
	Emulator     string  `json:"emulator"`
	// Stacks are in dependency order.
	Stacks []StackReport `json:"stacks"`
	// Accounts counts the management account too, Resources every resource in
	// the state of any stack after the second up.
	Accounts  int     `json:"accounts"`
	Resources int     `json:"resources"`
	Seconds   Seconds `json:"seconds"`
	// SecondUpChanges is how many resources the second up changed: 0 unless
	// something is wrong.
	SecondUpChanges int           `json:"secondUpChanges"`
	Proofs          []proof.Proof `json:"proofs"`
	// Omitted are the proofs that couldn't be made, and why.
	Omitted []string `json:"omitted"`
	// PeakMemoryBytes is the most that coldstart, Pulumi and the providers took
	// at once, shared pages counted once; 0 if the system can't tell. The
	// emulator isn't counted.
	PeakMemoryBytes int64 `json:"peakMemoryBytes"`
	// Limits is what AWS's limits did to bringing it up; null without them.
	Limits *LimitReport `json:"limits"`
	// Faults is what was made to go wrong; null if nothing was.
	Faults *FaultReport `json:"faults"`
}

// FaultReport is what was made to go wrong, and what it took to get over it.
type FaultReport struct {
	// Plan is what --faults takes to have the same again.
	Plan string `json:"plan"`
	// Injected is what happened, in order.
	Injected []faults.Injection `json:"injected"`
	// Reruns is how many more runs it took until every stack was up.
	Reruns int `json:"reruns"`
}

// Summary identifies an organization.
type Summary struct {
	Namespace string `json:"namespace"`
	Domain    string `json:"domain"`
	Region    string `json:"region"`
}

// Seconds are how long the parts of a rehearsal took.
type Seconds struct {
	Emulator float64 `json:"emulator"`
	Preview  float64 `json:"preview"`
	Up       float64 `json:"up"`
	Proof    float64 `json:"proof"`
	SecondUp float64 `json:"secondUp"`
	Total    float64 `json:"total"`
}

// StackReport is what one stack did; a phase that wasn't come to is null.
type StackReport struct {
	Stack    string       `json:"stack"`
	Preview  *PhaseReport `json:"preview"`
	Up       *PhaseReport `json:"up"`
	SecondUp *PhaseReport `json:"secondUp"`
}

// PhaseReport is one operation on one stack.
type PhaseReport struct {
	Status  automation.Status  `json:"status"`
	Changes automation.Changes `json:"changes"`
	Seconds float64            `json:"seconds"`
	Error   string             `json:"error,omitempty"`
}

// phase notes the results of an operation on all stacks, and returns how long
// it took, in seconds.
func (r *Report) phase(result *automation.Result, of func(*StackReport) **PhaseReport) float64 {
	for i, s := range result.Stacks {
		p := &PhaseReport{Status: s.Status, Changes: s.Changes, Seconds: round(s.Duration)}
		if s.Status != automation.StatusSucceeded {
			p.Error = fmt.Sprint(s.Err)
			r.Problems = append(r.Problems, fmt.Sprintf("%s of stack %s: %s: %v", result.Operation, s.Stack, s.Status, s.Err))
		}
		*of(&r.Stacks[i]) = p
	}
	return round(result.Duration)
}

// secondUp notes the results of the up that must change nothing.
func (r *Report) secondUp(result *automation.Result) {
	r.Seconds.SecondUp = r.phase(result, func(s *StackReport) **PhaseReport { return &s.SecondUp })
	changes := result.Changes()
	r.SecondUpChanges, r.Resources = changes.Changed(), changes.Total()
	if r.SecondUpChanges > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("the second up wasn't without changes: %s", changes))
	}
}

func (r *Report) proofs(proofs proof.Proofs) {
	r.Proofs = proofs.Proofs
	r.Omitted = append(r.Omitted, proofs.Omitted...)
	for _, p := range proofs.Proofs {
		if !p.Holds {
			r.Problems = append(r.Problems, p.Problem())
		}
	}
}

// write writes the report to a file, whole or not at all.
func (r *Report) write(file string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replace.File(file, append(content, '\n'))
}

// round returns seconds with one decimal.
func round(d time.Duration) float64 {
	return d.Round(100 * time.Millisecond).Seconds()
}
