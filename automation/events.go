package automation

import (
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
	stack   *stack
	changes map[string]int
	steps   []Resource
	errors  []string
	summary bool
}

// watch reads a channel of engine events until it is closed, and closes done.
func (w *watcher) watch(channel <-chan events.EngineEvent, done chan<- struct{}) {
	defer close(done)
	for e := range channel {
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
			w.summary = true
			w.count(e.SummaryEvent.ResourceChanges)
		}
	}
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

func resourceOf(m apitype.StepEventMetadata) Resource {
	return Resource{
		URN:       m.URN,
		Type:      m.Type,
		Name:      resource.URN(m.URN).Name(),
		Operation: string(m.Op),
	}
}

func (w *watcher) started(m apitype.StepEventMetadata) {
	if unchanged(m.Op) {
		return
	}
	r := resourceOf(m)
	w.steps = append(w.steps, r)
	w.stack.emit(Event{Kind: EventResourceStarted, Resource: r})
}

func (w *watcher) finished(m apitype.StepEventMetadata, failed bool) {
	if !unchanged(m.Op) || failed {
		w.stack.emit(Event{Kind: EventResourceFinished, Resource: resourceOf(m), Failed: failed})
	}
}

// reset forgets what was counted, since it was only the way to an operation.
func (w *watcher) reset() {
	w.changes, w.steps = map[string]int{}, nil
}
