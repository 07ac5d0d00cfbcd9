package proxy

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
)

// Rule is one step between a client and the emulator, such as one refusal of AWS's. Several
// goroutines call a rule at the same time.
type Rule interface {
	// Name says what the rule refuses, such as "rate exceeded". A report has this name.
	Name() string
	// Apply returns the answer to a call: the rule's own, or the answer of Next, which the
	// rule may change.
	Apply(*Call, Next) *Answer
}

// Next passes a call to the rules that follow, and then to the emulator.
type Next func(*Call) *Answer

// Options configures New and Start. The zero value passes every call to the emulator.
type Options struct {
	// Rules returns the rules. The first rule gets a call first. Nil means no rules.
	Rules func(*World) []Rule
	// Scale is the number of AWS's seconds that pass in one second of this machine; 0 means 1.
	Scale float64
	// Management is the id of the management account; empty means moto's default account.
	Management string
	// Keys are the ids of access keys of the management account; nil means the one key "test".
	Keys []string
	// Seed is the seed of everything that is random, so that a run can be repeated.
	Seed uint64
	// Clock is this machine's clock; nil means the system's.
	Clock Clock
	// Port is the port of the loopback interface that Start listens on; 0 means a free port.
	// New ignores it.
	Port int
	// OnCall, if not nil, gets every call and its answer. Several goroutines call it at the
	// same time.
	OnCall func(*Call, *Answer)
}

// motoAccount is the account to which moto counts a key that it doesn't know.
// https://docs.getmoto.org/en/latest/docs/multi_account.html
const motoAccount = "123456789012"

// Front is a proxy in front of an emulator. It is an [http.Handler].
type Front struct {
	world  *World
	chain  Next
	counts *counts
	onCall func(*Call, *Answer)
}

// New returns a proxy in front of the emulator at target. Clients can use the Front as their
// HTTP proxy too: it sends a request for any host to the emulator and keeps the Host header.
// S3 Control needs that, because its host names begin with an account's id and don't resolve.
func New(target *url.URL, o Options) *Front {
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.Management == "" {
		o.Management = motoAccount
	}
	if o.Keys == nil {
		o.Keys = []string{"test"}
	}
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	w := &World{
		Management: o.Management,
		Seed:       o.Seed,
		target:     target,
		// The proxy hands answers on as they are, so the transport must not decompress them.
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		clock:     o.Clock,
		begin:     o.Clock.Now(),
		scale:     o.Scale,
		callers:   map[string]Principal{},
		rand:      rand.New(rand.NewPCG(o.Seed, 1)), //nolint:gosec // It has to be the same again.

		delegations: map[string][]delegation{},
	}
	for _, key := range o.Keys {
		w.Know(key, w.administrator())
	}
	f := &Front{world: w, counts: newCounts(), onCall: o.OnCall}
	var rules []Rule
	if o.Rules != nil {
		rules = o.Rules(w)
	}
	f.chain = f.link(rules)
	return f
}

// link puts the rules in front of the emulator. The first rule is the outermost.
func (f *Front) link(rules []Rule) Next {
	chain := func(c *Call) *Answer {
		begin := f.world.clock.Now()
		a := f.world.Send(c.Context(), c)
		f.counts.emulator(c, f.world.clock.Now().Sub(begin))
		return a
	}
	for i := len(rules) - 1; i >= 0; i-- {
		rule, behind := rules[i], chain
		chain = func(c *Call) *Answer {
			var passed *Answer
			a := rule.Apply(c, func(c *Call) *Answer {
				passed = behind(c)
				return passed
			})
			if a != passed && a.By == "" {
				a.By = rule.Name()
			}
			return a
		}
	}
	return chain
}

// Report returns the calls so far, and what became of them.
func (f *Front) Report() Report { return f.counts.report() }

// ServeHTTP answers a request.
func (f *Front) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		http.Error(rw, "an emulator is reached without TLS", http.StatusNotImplemented)
		return
	}
	c, err := read(r)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	c.Caller = f.world.caller(c.AccessKey)
	a := f.chain(c)
	f.counts.call(c, a, f.world.Now())
	if f.onCall != nil {
		f.onCall(c, a)
	}
	if a.Cut {
		panic(http.ErrAbortHandler)
	}
	write(rw, r, a)
}

// write sends an answer to the client in one piece: see wholeConn.
func write(rw http.ResponseWriter, r *http.Request, a *Answer) {
	for name, values := range a.Header {
		rw.Header()[name] = values
	}
	if length := a.Header.Get("Content-Length"); r.Method != http.MethodHead || length == "" {
		rw.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	rw.Header().Set("Via", Via)
	conn, _ := r.Context().Value(connKey{}).(*wholeConn)
	conn.hold()
	rw.WriteHeader(a.Status)
	_, _ = rw.Write(a.Body) // An error means that the client has gone.
	_ = http.NewResponseController(rw).Flush()
	conn.release()
}
