package faults

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Victim is who is killed.
type Victim int

// Who can be.
const (
	Everything Victim = iota // coldstart and all that it has started
	Coldstart                // the process alone
	Provider                 // all of the run's AWS plugins
)

// Options are those of New.
type Options struct {
	// Timeout is how long a held back answer is held back; 0 for 20 seconds. The
	// provider has no such limit of its own: it waits until the connection breaks.
	Timeout time.Duration
	// Kill kills, and returns when that is done. A plan that kills nobody needs none.
	Kill func(Victim)
}

// Injection is a fault that happened.
type Injection struct {
	// Fault is which of the plan's it was.
	Fault string `json:"fault"`
	Kind  Kind   `json:"kind"`
	// Call is the number of the call: of those that change something or, with Read,
	// of those that don't.
	Call int  `json:"call"`
	Read bool `json:"read,omitempty"`
	// Action is the call's, such as iam:CreateRole, in an account. Number is which of
	// that action's calls it was.
	Action  string `json:"action"`
	Number  int    `json:"number"`
	Account string `json:"account"`
}

// String says what happened.
func (i Injection) String() string {
	what := "call"
	if i.Read {
		what = "read"
	}
	return fmt.Sprintf("%s at %s %d, %s@%d in %s", i.Kind, what, i.Call, i.Action, i.Number, i.Account)
}

// Injector is a plan at work. It may be used by several goroutines.
type Injector struct {
	plan    Plan
	options Options

	mu             sync.Mutex
	stopped        bool
	changes, reads int
	actions        map[string]int
	again          map[string]*pursued // by the SDK's id of the call
	injected       []Injection
}

// pursued is a fault that hits further attempts at a call.
type pursued struct {
	fault Fault
	left  int
}

// New returns an injector that has seen no call yet.
func New(plan Plan, o Options) *Injector {
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	return &Injector{plan: slices.Clone(plan), options: o, actions: map[string]int{}, again: map[string]*pursued{}}
}

// Before returns rules that have the injector in front of them, for proxy.Options.
func (i *Injector) Before(rules func(*proxy.World) []proxy.Rule) func(*proxy.World) []proxy.Rule {
	return func(w *proxy.World) []proxy.Rule {
		return append([]proxy.Rule{rule{i, w}}, rules(w)...)
	}
}

// Stop has nothing go wrong from now on.
func (i *Injector) Stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stopped = true
}

// Injected returns what happened so far.
func (i *Injector) Injected() []Injection {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.injected)
}

// Pending returns the faults that haven't happened.
func (i *Injector) Pending() Plan {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(i.plan), func(f Fault) bool {
		return slices.ContainsFunc(i.injected, func(n Injection) bool { return n.Fault == f.String() })
	})
}

// Calls returns how many calls there were that changed something, and that didn't.
func (i *Injector) Calls() (changes, reads int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.changes, i.reads
}

// IsChange reports whether a call changes something in AWS.
func IsChange(c *proxy.Call) bool {
	if c.Service == "" || c.Service == "sts" {
		return false
	}
	// The action of a REST service that isn't known begins with the method.
	for _, verb := range []string{"Get", "GET", "List", "Describe", "Head", "HEAD", "Lookup", "Simulate", "Decrypt", "Encrypt", "Generate"} {
		if strings.HasPrefix(c.Action, verb) {
			return false
		}
	}
	return true
}

// due counts a call and returns the fault that is to hit it; nil for none.
func (i *Injector) due(c *proxy.Call) *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := Injection{Action: c.String(), Account: c.Caller.Account, Read: !IsChange(c)}
	i.actions[n.Action]++
	n.Number = i.actions[n.Action]
	if n.Read {
		i.reads++
		n.Call = i.reads
	} else {
		i.changes++
		n.Call = i.changes
	}
	fault := i.match(c, n)
	if fault == nil {
		return nil
	}
	n.Fault, n.Kind = fault.String(), fault.Kind
	i.injected = append(i.injected, n)
	return fault
}

// match returns the fault for a call. SDKs number their attempts at one call by a
// header. https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/aws/middleware
func (i *Injector) match(c *proxy.Call, n Injection) *Fault {
	if i.stopped {
		return nil
	}
	id := c.Header.Get("Amz-Sdk-Invocation-Id")
	if p := i.again[id]; p != nil && p.left > 0 {
		p.left--
		return &p.fault
	}
	for _, f := range i.plan {
		if !f.at(n) {
			continue
		}
		if f.Attempts > 1 && id != "" {
			i.again[id] = &pursued{fault: f, left: f.Attempts - 1}
		}
		return &f
	}
	return nil
}

// at reports whether a call is the one that a fault is for.
func (f Fault) at(n Injection) bool {
	switch {
	case f.Action != "":
		return n.Action == f.Action && n.Number == f.Number
	case f.Read > 0:
		return n.Read && n.Call == f.Read
	case f.Every > 0:
		return !n.Read && n.Call%f.Every == 0
	default:
		return !n.Read && n.Call == f.Call
	}
}

// rule is an injector in front of an emulator.
type rule struct {
	*Injector
	w *proxy.World
}

func (rule) Name() string { return "fault" }

func (r rule) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	f := r.due(c)
	if f == nil {
		return next(c)
	}
	switch f.Kind {
	case Error500:
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusInternalServerError, Code: c.FailureCode(), Message: "An internal error has occurred."})
	case Error503:
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "Service Unavailable"})
	case Throttle:
		return r.w.Throttled(c)
	case KillColdstart:
		r.kill(Coldstart)
		return next(c)
	case Kill:
		r.kill(Everything)
	case KillProvider:
		r.kill(Provider)
	case Timeout, DropAfter, KillAfter, KillProviderAfter:
		next(c) // It took effect, and nobody hears of it.
		r.after(f.Kind, c)
	case DropBefore:
	}
	return &proxy.Answer{Cut: true}
}

// after is what happens when a call took effect.
func (r rule) after(k Kind, c *proxy.Call) {
	switch k { //nolint:exhaustive // Nothing else happens.
	case Timeout:
		patience := time.NewTimer(r.options.Timeout)
		defer patience.Stop()
		select {
		case <-patience.C:
		case <-c.Context().Done():
		}
	case KillAfter:
		r.kill(Everything)
	case KillProviderAfter:
		r.kill(Provider)
	}
}

func (r rule) kill(v Victim) {
	if r.options.Kill != nil {
		r.options.Kill(v)
	}
}
