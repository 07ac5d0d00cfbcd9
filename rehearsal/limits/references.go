package limits

import (
	"encoding/xml"
	"net/http"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// references makes Route 53 refuse a second request with the same caller reference, so that a
// client whose first answer was lost creates no second zone or set. moto creates both.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
type references struct {
	w    *world
	mu   sync.Mutex
	used map[string]bool // by account, action and reference
}

func newReferences(w *world) *references { return &references{w: w, used: map[string]bool{}} }

func (*references) Name() string { return "caller reference" }

func (r *references) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("route53", "CreateReusableDelegationSet", "CreateHostedZone") {
		return next(c)
	}
	var in struct{ CallerReference string }
	if xml.Unmarshal(c.Body, &in) != nil {
		return next(c) // The emulator says what is wrong with the request.
	}
	key := c.Caller.Account + " " + c.Action + " " + in.CallerReference
	if r.known(key) {
		if c.Action == "CreateHostedZone" {
			return r.w.Refuse(c, proxy.Problem{Status: http.StatusConflict, Code: "HostedZoneAlreadyExists", Message: "A hosted zone has already been created with the specified caller reference."})
		}
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "DelegationSetAlreadyCreated", Message: "A delegation set with the same owner and caller reference combination has already been created."})
	}
	a := next(c)
	if a.OK() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.used[key] = true
	}
	return a
}

func (r *references) known(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used[key]
}
