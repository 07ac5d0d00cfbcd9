package automation

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// EventKind is what an event tells.
type EventKind string

// The kinds of events.
const (
	// EventStackStarted: Pulumi was started for the stack.
	EventStackStarted EventKind = "stack-started"
	// EventStackFinished: Result holds what came out.
	EventStackFinished EventKind = "stack-finished"
	// EventResourceStarted: work on Resource begins.
	EventResourceStarted EventKind = "resource-started"
	// EventResourceFinished: work on Resource is done, or Failed.
	EventResourceFinished EventKind = "resource-finished"
	// EventMessage: Message is for a person.
	EventMessage EventKind = "message"
)

// Event is something that happened while stacks ran.
type Event struct {
	Time     time.Time
	Stack    string
	Kind     EventKind
	Resource Resource
	Failed   bool
	Message  string
	Result   *StackResult
}

// Resource is what a step works on.
type Resource struct {
	URN  string `json:"urn"`
	Type string `json:"type"`
	Name string `json:"name"`
	// Operation is Pulumi's name for the step: create, update, same, …
	Operation string `json:"operation"`
}

// steps of the engine that change nothing.
func unchanged(op apitype.OpType) bool {
	return op == apitype.OpSame || op == apitype.OpRead || op == apitype.OpRefresh || op == apitype.OpReadDiscard
}

// watcher turns the engine's events into ours.
type watcher struct {
	stack *stack

	// heard, if not nil, hears of each step that is noted.
	heard func(apitype.StepEventMetadata)

	// mu guards the rest: after an error the engine's events may go on coming.
	mu      sync.Mutex
	changes map[string]int
	steps   []Step
	// under are the resources that are worked on, by URN.
	under map[string]Resource
	// failed are the steps that failed in this attempt. AWS may have done them
	// nevertheless.
	failed []apitype.StepEventMetadata
	// keys are the KMS keys that this run has made or found, and the providers.
	keys []apitype.ResourceV3
	// errors are what the engine says went wrong, failures the same by URN.
	errors   []string
	failures map[string]string
	// builds is what the builds of images have printed last.
	builds building
	// panics is how a plugin died, if it did by a panic.
	panics panicking
	// entrances says that updates of providers aren't worth telling, ignored which
	// updates weren't.
	entrances bool
	ignored   map[string]bool
	// refreshes says that AWS is read, and nothing changed.
	refreshes bool
	// retained are the resources that were deleted from the state only, each with what the
	// engine calls that.
	retained map[string]apitype.OpType
}

// watch reads a channel of engine events until it is closed, and closes done.
func (w *watcher) watch(channel <-chan events.EngineEvent, done chan<- struct{}) {
	defer close(done)
	for e := range channel {
		w.handle(e)
	}
}

func (w *watcher) handle(e events.EngineEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case e.ResourcePreEvent != nil:
		w.started(e.ResourcePreEvent.Metadata)
	case e.ResOutputsEvent != nil:
		w.finished(e.ResOutputsEvent.Metadata, false)
	case e.ResOpFailedEvent != nil:
		w.finished(e.ResOpFailedEvent.Metadata, true)
	case e.DiagnosticEvent != nil:
		w.diagnostic(e.DiagnosticEvent)
	case e.SummaryEvent != nil:
		w.count(w.worthy(e.SummaryEvent.ResourceChanges))
	}
}

// tell puts what was seen into a result.
func (w *watcher) tell(r *StackResult) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Changes, r.Steps = maps.Clone(w.changes), slices.Clone(w.steps)
	r.Unfinished = slices.SortedFunc(maps.Values(w.under), func(a, b Resource) int { return strings.Compare(a.URN, b.URN) })
}

// worthy returns the counts of an attempt without what isn't worth telling.
func (w *watcher) worthy(changes map[apitype.OpType]int) map[apitype.OpType]int {
	changes = maps.Clone(changes)
	if n := len(w.ignored); n > 0 {
		changes[apitype.OpUpdate] -= n
		changes[apitype.OpSame] += n
	}
	for _, op := range w.retained {
		if op == apitype.OpDelete { // A replacement counts as one step.
			changes[op]--
		}
		changes[opRetain]++
	}
	return changes
}

// count adds what one attempt did to what earlier ones did. What those have
// changed is the same to this one, and isn't counted twice.
func (w *watcher) count(changes map[apitype.OpType]int) {
	before := Changes(w.changes).Changed() - w.changes[string(apitype.OpDelete)]
	for op, n := range changes {
		if op == apitype.OpSame {
			w.changes[string(op)] = max(n-before, 0)
			continue
		}
		w.changes[string(op)] += n
	}
}

// opRetain is what the engine does with a resource that leaves the state and stays
// in AWS. The engine calls that a deletion.
const opRetain apitype.OpType = "retain"

func retains(m apitype.StepEventMetadata) bool {
	return (m.Op == apitype.OpDelete || m.Op == apitype.OpDeleteReplaced) && m.Old != nil && m.Old.Custom && m.Old.RetainOnDelete
}

func resourceOf(m apitype.StepEventMetadata) Resource {
	op := m.Op
	if retains(m) {
		op = opRetain
	}
	return Resource{
		URN:       m.URN,
		Type:      m.Type,
		Name:      resource.URN(m.URN).Name(),
		Operation: string(op),
	}
}

// unworthy reports whether a step isn't worth telling.
func (w *watcher) unworthy(m apitype.StepEventMetadata) bool {
	return unchanged(m.Op) || w.ignores(m)
}

// stackReference is the type of a reference to another stack.
const stackReference = "pulumi:pulumi:StackReference"

// ignores reports whether a step is one that Pulumi counts as an update and nobody
// wants to know of: of a reference to another stack, which is read each time, of a
// provider where a preview comes in by another role than updates do, or of a resource that
// a refresh found as it was.
func (w *watcher) ignores(m apitype.StepEventMetadata) bool {
	return m.Op == apitype.OpUpdate &&
		(m.Type == stackReference || w.entrances && strings.HasPrefix(m.Type, "pulumi:providers:") || w.refreshes && readAlike(m))
}

// readAlike reports whether AWS answers with what the state has. A refresh loses parts of some inputs, such as those of a trail's
// event selectors, and Pulumi says at the next that they differ from what was read.
func readAlike(m apitype.StepEventMetadata) bool {
	return m.Old != nil && m.New != nil && equal(m.Old.Inputs, m.New.Inputs) && equal(m.Old.Outputs, m.New.Outputs)
}

func (w *watcher) started(m apitype.StepEventMetadata) {
	if w.unworthy(m) {
		return
	}
	w.note(m)
	r := resourceOf(m)
	w.under[r.URN] = r
	w.stack.emit(Event{Kind: EventResourceStarted, Resource: r})
}

func (w *watcher) finished(m apitype.StepEventMetadata, failed bool) {
	if !failed {
		w.noteStep(m)
		if w.ignores(m) {
			w.ignored[m.URN] = true // Pulumi counts steps when they have ended well.
		}
	}
	if retains(m) && !failed {
		w.retained[m.URN] = m.Op
	}
	if w.unworthy(m) && !failed {
		return
	}
	if failed {
		w.failed = append(w.failed, m)
	}
	// Only what a refresh read shows that something has changed.
	if _, started := w.under[m.URN]; !started && !failed {
		w.note(m)
	}
	delete(w.under, m.URN)
	w.stack.emit(Event{Kind: EventResourceFinished, Resource: resourceOf(m), Failed: failed})
}

// note keeps a step for the result. The halves of a replacement aren't worth a
// step of their own, unless what is replaced stays in AWS.
func (w *watcher) note(m apitype.StepEventMetadata) {
	if m.Op == apitype.OpCreateReplacement || m.Op == apitype.OpDeleteReplaced && !retains(m) {
		return
	}
	w.steps = append(w.steps, stepOf(m))
	if w.heard != nil {
		w.heard(m)
	}
}

// stepOf returns what a step does to which resource.
func stepOf(m apitype.StepEventMetadata) Step {
	step := Step{Resource: resourceOf(m), Diff: diffOf(m)}
	if m.Old != nil {
		step.ID, step.Protected = m.Old.ID, m.Old.Protect
	}
	return step
}

// reset forgets what was counted, since it was only the way to an operation.
func (w *watcher) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes, w.steps, w.under = map[string]int{}, nil, map[string]Resource{}
}

// begin forgets the errors of an earlier attempt, and what it left under way.
func (w *watcher) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errors, w.failures, w.failed, w.panics = nil, map[string]string{}, nil, panicking{}
	w.builds = building{}
	w.under, w.ignored, w.retained = map[string]Resource{}, map[string]bool{}, map[string]apitype.OpType{}
}
