package limits

import (
	"cmp"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// guardedKeys refuses calls that a KMS key's policy denies the caller. The emulator enforces no key policy. A denial that
// depends on an unknown condition key isn't enforced, and this rule ignores statements that allow. It doesn't ask about the
// emulator's own user.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
type guardedKeys struct {
	w *world

	mu       sync.Mutex
	policies map[string]policy.Document // by the key's ARN
}

func newGuardedKeys(w *world) *guardedKeys {
	return &guardedKeys{w: w, policies: map[string]policy.Document{}}
}

func (*guardedKeys) Name() string { return "key policy" }

func (r *guardedKeys) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service != "kms" || r.w.Administrates(c.Caller) {
		return next(c)
	}
	action, key := permission(c)
	if key = cmp.Or(key, named(c), r.w.keyOf(c)); key == "" {
		return next(c) // It is about no key.
	}
	q := authorization.Request{Action: action, Resource: key, ResourceAccount: accountOf(key), Principal: principal(c.Caller), Keys: authorization.FromOutside(c.Region)}
	d := authorization.Decide(q, authorization.Policies{Resource: &authorization.Policy{Name: "of key " + key[strings.LastIndexByte(key, '/')+1:], Document: r.of(c, key)}})
	if d.Outcome == authorization.DeniedExplicitly {
		return r.w.Refuse(c, unauthorized(c, action, key, "with an explicit deny in a resource-based policy (rehearsal: "+d.String()+")"))
	}
	a := next(c)
	if c.Action == "PutKeyPolicy" && a.OK() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.policies, key)
	}
	return a
}

// of returns the policy of a key. It asks the emulator once for each key and each change of its policy.
func (r *guardedKeys) of(c *proxy.Call, key string) policy.Document {
	r.mu.Lock()
	p, known := r.policies[key]
	r.mu.Unlock()
	if known {
		return p
	}
	p = r.w.keyPolicy(c.Context(), accountOf(key), regionOf(key), key)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policies[key] = p
	return p
}
