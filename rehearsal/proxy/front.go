package proxy

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
)

// Rule is one thing that stands between a client and the emulator, such as a refusal
// of AWS's. It answers a call by itself, or by what next says, or by what it makes of
// that.
type Rule interface {
	// Name says what the rule refuses, for a report.
	Name() string
	Apply(*Call, Next) *Answer
}

// Next is what comes behind a rule: the other rules, and then the emulator.
type Next func(*Call) *Answer

// Options configure New. The zero value passes every call to the emulator.
type Options struct {
	// Rules returns the rules, the first of which sees a call first; nil for none.
	Rules func(*World) []Rule
	// Scale is how many of AWS's seconds pass in one; 0 for 1.
	Scale float64
	// Management is the management account; empty for moto's.
	Management string
	// Keys are access keys of the management account; nil for test.
	Keys []string
	// Seed decides what is left to chance.
	Seed uint64
	// Clock is nil for the system's.
	Clock Clock
	// Port is where Start listens on the loopback interface; 0 for a free one.
	Port int
	// OnCall, if not nil, is told of every call and its answer, from several
	// goroutines at once.
	OnCall func(*Call, *Answer)
}

// motoAccount is the account of whoever comes to moto with a key that it doesn't
// know. https://docs.getmoto.org/en/latest/docs/multi_account.html
const motoAccount = "123456789012"

// Front is a proxy in front of an emulator.
type Front struct {
	world  *World
	chain  Next
	counts *counts
	onCall func(*Call, *Answer)
}

// New returns a proxy in front of the emulator at target. It is an HTTP proxy for
// the emulator too: a request for any host goes there, with the host kept, since
// host names of S3 Control start with the account's id and nobody resolves them.
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
		// Nothing between client and emulator is unpacked or redirected.
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		clock:     o.Clock,
		begin:     o.Clock.Now(),
		scale:     o.Scale,
		callers:   map[string]Principal{},
		rand:      rand.New(rand.NewPCG(o.Seed, 1)), //nolint:gosec // It has to be the same again.
	}
	for _, key := range o.Keys {
		w.Know(key, Principal{Account: o.Management, ARN: "arn:aws:iam::" + o.Management + ":user/moto"})
	}
	f := &Front{world: w, counts: newCounts(), onCall: o.OnCall}
	var rules []Rule
	if o.Rules != nil {
		rules = o.Rules(w)
	}
	f.chain = f.link(rules)
	return f
}

// link puts rules in front of the emulator, the first one outermost.
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

// Report says what happened so far.
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

// write sends an answer in one piece.
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
	_, _ = rw.Write(a.Body) // A client that has gone doesn't need it.
	_ = http.NewResponseController(rw).Flush()
	conn.release()
}
