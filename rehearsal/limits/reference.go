package limits

import (
	"encoding/xml"
	"net/http"
	"sync"
)

// references has Route 53 know a request by its caller's reference, so that it isn't
// done twice when the first answer was lost. moto does it twice.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
type references struct {
	w    *World
	mu   sync.Mutex
	used map[string]bool // by account, action and reference
}

func newReferences(w *World) *references { return &references{w: w, used: map[string]bool{}} }

func (*references) Name() string { return "caller reference" }

func (r *references) Apply(c *Call, next Next) *Answer {
	if !c.Is("route53", "CreateReusableDelegationSet", "CreateHostedZone") {
		return next(c)
	}
	var in struct{ CallerReference string }
	if xml.Unmarshal(c.Body, &in) != nil {
		return next(c) // The emulator says what is wrong with it.
	}
	key := c.Caller.Account + " " + c.Action + " " + in.CallerReference
	if r.known(key) {
		if c.Action == "CreateHostedZone" {
			return r.w.Refuse(c, Problem{http.StatusConflict, "HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.", nil})
		}
		return r.w.Refuse(c, Problem{http.StatusBadRequest, "DelegationSetAlreadyCreated", "A delegation set with the same owner and caller reference combination has already been created.", nil})
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
