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

// Victim says which processes a fault kills.
type Victim int

// The victims of faults.
const (
	Everything Victim = iota // coldstart and all processes that it has started
	Coldstart                // coldstart alone
	Provider                 // all AWS plugins that coldstart has started
)

// Options configures New.
type Options struct {
	// Timeout is how long a fault of kind Timeout holds the answer back before it breaks the
	// connection; 0 means 20 seconds. The AWS provider has no timeout of its own: it waits
	// until the connection breaks.
	Timeout time.Duration
	// Kill kills the processes of a victim, and returns when they are killed. It may be nil
	// for a plan that kills nothing.
	Kill func(Victim)
}

// Injection is a fault that was injected.
type Injection struct {
	// Fault is the plan's fault as text.
	Fault string `json:"fault"`
	Kind  Kind   `json:"kind"`
	// Call is the call's number among the calls that change something, or with Read among the
	// calls that don't. The first call is 1.
	Call int  `json:"call"`
	Read bool `json:"read,omitempty"`
	// Action is the call's service and action, such as iam:CreateRole. Number is the call's
	// number among the calls of this action in all accounts. Account is the caller's account.
	Action  string `json:"action"`
	Number  int    `json:"number"`
	Account string `json:"account"`
}

// String returns what happened at which call, for people.
func (i Injection) String() string {
	what := "call"
	if i.Read {
		what = "read"
	}
	return fmt.Sprintf("%s at %s %d, %s@%d in %s", i.Kind, what, i.Call, i.Action, i.Number, i.Account)
}

// Injector injects the faults of a plan. Several goroutines may use it at the same time.
type Injector struct {
	plan    Plan
	options Options

	mu             sync.Mutex
	stopped        bool
	changes, reads int
	actions        map[string]int
	again          map[string]*pursued // by the SDK's id of a call, which its attempts share
	injected       []Injection
}

// pursued is a fault that also hits the next attempts at a call. Left is how many.
type pursued struct {
	fault Fault
	left  int
}

// New returns an injector for a plan. It counts calls from 1.
func New(plan Plan, o Options) *Injector {
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	return &Injector{plan: slices.Clone(plan), options: o, actions: map[string]int{}, again: map[string]*pursued{}}
}

// Before puts the injector in front of other rules. The result is for proxy.Options.Rules.
func (i *Injector) Before(rules func(*proxy.World) []proxy.Rule) func(*proxy.World) []proxy.Rule {
	return func(w *proxy.World) []proxy.Rule {
		return append([]proxy.Rule{rule{i, w}}, rules(w)...)
	}
}

// Stop ends the injection: every later call passes.
func (i *Injector) Stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stopped = true
}

// Injected returns the faults that were injected so far, in order.
func (i *Injector) Injected() []Injection {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.injected)
}

// Pending returns the faults of the plan that weren't injected yet. A fault that repeats isn't
// pending after its first injection.
func (i *Injector) Pending() Plan {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(i.plan), func(f Fault) bool {
		return slices.ContainsFunc(i.injected, func(n Injection) bool { return n.Fault == f.String() })
	})
}

// Calls returns the number of calls so far that change something, and of calls that don't.
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
	// If the proxy doesn't know a REST service's paths, the action begins with the method.
	for _, verb := range []string{"Get", "GET", "BatchGet", "List", "Describe", "Head", "HEAD", "Lookup", "Simulate", "Test", "Decrypt", "Encrypt", "Generate"} {
		if strings.HasPrefix(c.Action, verb) {
			return false
		}
	}
	return true
}

// due counts a call, and returns the fault to inject into it; nil for none.
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

// match returns the fault for a call; nil for none. All attempts of an SDK at one call have the
// same id in a header. https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/aws/middleware
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

// at reports whether the plan injects the fault at a call.
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

// rule is an injector as a rule of one proxy.
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
		next(c) // The call takes effect, and the client never gets the answer.
		r.after(f.Kind, c)
	case DropBefore:
	}
	return &proxy.Answer{Cut: true}
}

// after does what a fault does once the call has taken effect.
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
