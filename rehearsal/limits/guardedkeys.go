package limits

import (
	"cmp"
	"encoding/json"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// guardedKeys refuses calls that a KMS key's policy denies the caller. The emulator enforces no key policy. A denial that
// depends on an unknown condition key isn't enforced, and this rule ignores statements that allow. It doesn't ask about the
// emulator's own user.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
type guardedKeys struct {
	w        *world
	policies ownPolicies // by the key's ARN
}

func newGuardedKeys(w *world) *guardedKeys { return &guardedKeys{w: w} }

func (*guardedKeys) Name() string { return "key policy" }

func (r *guardedKeys) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service != "kms" {
		return next(c)
	}
	if problem := r.denial(c); problem != nil {
		return r.w.Refuse(c, *problem)
	}
	a := next(c)
	if c.Is("kms", "PutKeyPolicy") && a.OK() {
		r.learn(c)
	}
	return a
}

// denial returns the error of a call that a key's policy denies; nil for any other call.
func (r *guardedKeys) denial(c *proxy.Call) *proxy.Problem {
	if r.w.Administrates(c.Caller) {
		return nil
	}
	action, key := permission(c)
	if key = cmp.Or(key, named(c), r.w.keyOf(c)); key == "" {
		return nil // It is about no key.
	}
	q := authorization.Request{Action: action, Resource: key, ResourceAccount: accountOf(key), Principal: principal(c.Caller), Keys: authorization.FromOutside(c.Region)}
	d := authorization.Decide(q, authorization.Policies{Resource: &authorization.Policy{Name: "of key " + keyID(key), Document: r.of(c, key)}})
	if d.Outcome != authorization.DeniedExplicitly {
		return nil
	}
	problem := unauthorized(c, action, key, "with an explicit deny in a resource-based policy (rehearsal: "+d.String()+")")
	return &problem
}

// learn remembers the policy of a key that a successful call has changed.
func (r *guardedKeys) learn(c *proxy.Call) {
	var in struct{ Policy string }
	_ = json.Unmarshal(c.Body, &in) // The emulator has read it.
	p, _ := policy.Parse(in.Policy) // A policy that can't be read denies nothing.
	r.policies.set(cmp.Or(named(c), r.w.keyOf(c)), p)
}

// of returns the policy of a key.
func (r *guardedKeys) of(c *proxy.Call, key string) policy.Document {
	return r.policies.of(key, func() policy.Document { return r.w.keyPolicy(c.Context(), accountOf(key), regionOf(key), key) })
}
