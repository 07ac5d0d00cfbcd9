package rehearsal

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/replace"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Report is the result of a rehearsal, written to report.json. docs/rehearsal.md documents the
// fields, which are only ever added to.
type Report struct {
	// OK says that every stack came up, every proof holds, and the second up changed nothing.
	OK bool `json:"ok"`
	// Problems say why OK is false, one problem a line.
	Problems []string  `json:"problems"`
	Started  time.Time `json:"started"`
	// Organization is the organization that was rehearsed. Emulator is the emulator's name and
	// version.
	Organization Summary `json:"organization"`
	Emulator     string  `json:"emulator"`
	// Stacks are in dependency order.
	Stacks []StackReport `json:"stacks"`
	// Accounts is the number of accounts, the management account included. Resources is the number
	// of resources in the states of all stacks after the second up.
	Accounts  int     `json:"accounts"`
	Resources int     `json:"resources"`
	Seconds   Seconds `json:"seconds"`
	// SecondUpChanges is the number of resources that the second up changed. It should be 0.
	SecondUpChanges int `json:"secondUpChanges"`
	// Operations are those of Options.All, in order; null without.
	Operations []OperationReport `json:"operations"`
	Proofs     []proof.Proof     `json:"proofs"`
	// Omitted are the proofs that couldn't be made, and why.
	Omitted []string `json:"omitted"`
	// PeakMemoryBytes is the most memory that coldstart, Pulumi and the providers used at one time,
	// without the emulator. Shared pages are counted once. It is 0 if the system doesn't tell.
	PeakMemoryBytes int64 `json:"peakMemoryBytes"`
	// Limits says how AWS's limits affected the first up; null without limits.
	Limits *LimitReport `json:"limits"`
	// Faults says which faults were injected; null without faults.
	Faults *FaultReport `json:"faults"`
}

// FaultReport has the injected faults, and the number of runs that they cost.
type FaultReport struct {
	// Plan is the text with which --faults injects the same faults again.
	Plan string `json:"plan"`
	// Injected are the injected faults, in order.
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

// Seconds are the durations of the parts of a rehearsal.
type Seconds struct {
	Emulator float64 `json:"emulator"`
	Preview  float64 `json:"preview"`
	Up       float64 `json:"up"`
	Proof    float64 `json:"proof"`
	// People is how long it took to bring people in after IAM Identity Center was enabled; 0 if they don't come in by that.
	People   float64 `json:"people,omitempty"`
	SecondUp float64 `json:"secondUp"`
	Total    float64 `json:"total"`
}

// StackReport has the results of one stack. A phase that didn't start is null.
type StackReport struct {
	Stack   string       `json:"stack"`
	Preview *PhaseReport `json:"preview"`
	Up      *PhaseReport `json:"up"`
	// People is nil if people don't come in by IAM Identity Center.
	People   *PhaseReport `json:"people,omitempty"`
	SecondUp *PhaseReport `json:"secondUp"`
}

// PhaseReport is the result of one operation on one stack.
type PhaseReport struct {
	Status  automation.Status  `json:"status"`
	Changes automation.Changes `json:"changes"`
	Seconds float64            `json:"seconds"`
	Error   string             `json:"error,omitempty"`
}

// phase adds the results of an operation on all stacks. It returns how long the operation took, in
// seconds.
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

// secondUp adds the results of the up that must change nothing.
func (r *Report) secondUp(result *automation.Result) {
	r.Seconds.SecondUp = r.phase(result, func(s *StackReport) **PhaseReport { return &s.SecondUp })
	changes := result.Changes()
	r.SecondUpChanges, r.Resources = changes.Changed(), changes.Total()
	if r.SecondUpChanges > 0 {
		r.Problems = append(r.Problems, fmt.Sprintf("the second up wasn't without changes: %s", changes))
	}
}

// undecided adds how many calls nobody could tell of whether AWS would let them pass, a line for each
// thing that would have to be known.
func (r *Report) undecided(calls proxy.Report) {
	passed, actions := map[string]int{}, map[string][]string{}
	for _, what := range slices.Sorted(maps.Keys(calls.Undecided)) {
		action, need, _ := strings.Cut(what, " without ")
		passed[need] += calls.Undecided[what]
		actions[need] = append(actions[need], action)
	}
	for _, need := range slices.Sorted(maps.Keys(passed)) {
		r.Omitted = append(r.Omitted, fmt.Sprintf("whether policies let pass calls (%d of %s): nobody can tell without %s", passed[need], strings.Join(actions[need], ", "), need))
	}
}

// contractOnly adds which services' calls AWS's models alone have answered, a line for each service.
func (r *Report) contractOnly(calls proxy.Report) {
	services := map[string][]string{}
	for _, what := range slices.Sorted(maps.Keys(calls.ContractOnly)) {
		service, action, _ := strings.Cut(what, ":")
		services[service] = append(services[service], action)
	}
	for _, service := range slices.Sorted(maps.Keys(services)) {
		r.Omitted = append(r.Omitted, fmt.Sprintf("what %s does: no emulator has its %s, and AWS's model of the service alone has answered (contract only)",
			service, strings.Join(services[service], ", ")))
	}
}

func (r *Report) proofs(proofs proof.Proofs) {
	r.Proofs = append(r.Proofs, proofs.Proofs...)
	r.Omitted = append(r.Omitted, proofs.Omitted...)
	for _, p := range proofs.Proofs {
		if !p.Holds {
			r.Problems = append(r.Problems, p.Problem())
		}
	}
}

// write writes the report to a file, as a whole or not at all.
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
