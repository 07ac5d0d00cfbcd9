package limits

import (
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Rule is one thing that AWS enforces. It answers a call by itself, or by what
// next says, or by what it makes of that.
type Rule interface {
	// Name says what is refused, for a report.
	Name() string
	Apply(*Call, Next) *Answer
}

// Next is what comes behind a rule: the other rules, and then the emulator.
type Next func(*Call) *Answer

// Options are those of New. The zero value has AWS's published numbers at AWS's
// own pace.
type Options struct {
	// Scale is how many of AWS's seconds pass in one; 0 for 1.
	Scale float64
	// Numbers are AWS's; nil for those that are published.
	Numbers *Numbers
	// Rules returns what is enforced, in order; nil for the function Rules.
	Rules func(*World) []Rule
	// Management is the management account; empty for moto's.
	Management string
	// Keys are access keys of the management account; nil for test.
	Keys []string
	// Fail has accounts' creations fail once, by their names, for a reason of
	// AWS's such as INTERNAL_FAILURE.
	Fail map[string]string
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
	if o.Numbers == nil {
		published := Published()
		o.Numbers = &published
	}
	if o.Rules == nil {
		o.Rules = Rules
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
		Numbers:    *o.Numbers,
		Management: o.Management,
		target:     target,
		// Nothing between client and emulator is unpacked or redirected.
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		clock:     o.Clock,
		begin:     o.Clock.Now(),
		scale:     o.Scale,
		failures:  maps.Clone(o.Fail),
		keys:      &keys{owner: map[string]Principal{}},
		seed:      o.Seed,
		rand:      rand.New(rand.NewPCG(o.Seed, 1)), //nolint:gosec // It has to be the same again.
	}
	for _, key := range o.Keys {
		w.keys.add(key, Principal{Account: o.Management, ARN: "arn:aws:iam::" + o.Management + ":user/moto"})
	}
	f := &Front{world: w, counts: newCounts(), onCall: o.OnCall}
	f.chain = f.link(o.Rules(w))
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
	c.Caller, _ = f.world.keys.find(c.AccessKey)
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

// Server is a Front that listens.
type Server struct {
	*Front
	endpoint string
	server   *http.Server
	done     chan struct{}
}

// Via is the value of the header Via in every answer of a Front, so that nobody puts
// a second one in front of it.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-via
const Via = "1.1 coldstart"

// Start listens on Options.Port of the loopback interface, in front of the emulator
// at endpoint.
func Start(endpoint string, o Options) (*Server, error) {
	target, err := url.Parse(strings.TrimSuffix(endpoint, "/"))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)))
	if err != nil {
		return nil, err
	}
	s := &Server{
		Front:    New(target, o),
		endpoint: "http://" + listener.Addr().String(),
		done:     make(chan struct{}),
	}
	s.server = &http.Server{Handler: s.Front, ConnContext: withConn, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(wholeListener{listener}) // It ends by Close.
	}()
	return s, nil
}

// Endpoint is the URL for clients.
func (s *Server) Endpoint() string { return s.endpoint }

// Close stops listening and breaks what is under way.
func (s *Server) Close() error {
	err := s.server.Close()
	<-s.done
	return err
}
