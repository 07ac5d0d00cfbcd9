package limits

import (
	"net/http"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// guarded refuses calls that a bucket's policy denies the caller. moto ignores the conditions of
// a statement, so it doesn't know which callers a denial means or exempts. This rule ignores
// statements that allow.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type guarded struct {
	w        *world
	policies ownPolicies // by bucket; empty for a bucket without a policy
}

func newGuarded(w *world) *guarded { return &guarded{w: w} }

func (*guarded) Name() string { return "bucket policy" }

func (r *guarded) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Service != "s3" || c.Resource == "" || c.Is("s3", "CreateBucket") {
		return next(c)
	}
	action, _ := permission(c)
	resource := named(c)
	q := authorization.Request{
		Action: action, Resource: resource, Principal: principal(c.Caller), Complete: true,
		Keys: map[string][]string{"aws:securetransport": {"true"}}, // The emulator has no TLS, but AWS's endpoints have.
	}
	own := authorization.Policies{Resource: &authorization.Policy{Name: c.Resource, Document: r.of(c)}}
	if d := authorization.Decide(q, own); d.Outcome == authorization.DeniedExplicitly {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusForbidden, Code: "AccessDenied",
			Message: "User: " + c.Caller.ARN + " is not authorized to perform: " + action + " on resource: \"" + resource +
				"\" with an explicit deny in a resource-based policy (rehearsal: " + d.String() + ")",
		})
	}
	a := next(c)
	if a.OK() {
		r.learn(c)
	}
	return a
}

// learn remembers the change of a bucket's policy by a successful call.
func (r *guarded) learn(c *proxy.Call) {
	var p policy.Document
	switch c.Action {
	case "PutBucketPolicy":
		p, _ = policy.Parse(string(c.Body)) // A policy that can't be read denies nothing.
	case "DeleteBucketPolicy", "DeleteBucket":
	default:
		return
	}
	r.policies.set(c.Resource, p)
}

// of returns the policy of a call's bucket.
func (r *guarded) of(c *proxy.Call) policy.Document {
	return r.policies.of(c.Resource, func() (p policy.Document) {
		if document, status := r.w.bucket(c.Context(), r.w.Management, c.Resource, "policy"); status == http.StatusOK {
			p, _ = policy.Parse(string(document))
		}
		return p
	})
}

// ownPolicies are the policies of resources by their names. Each is read once, and then follows the calls that change it.
type ownPolicies struct {
	mu    sync.Mutex
	known map[string]policy.Document
}

// of returns the policy of a resource, which read reads unless it is known.
func (o *ownPolicies) of(resource string, read func() policy.Document) policy.Document {
	o.mu.Lock()
	p, known := o.known[resource]
	o.mu.Unlock()
	if known {
		return p
	}
	p = read()
	o.mu.Lock()
	defer o.mu.Unlock()
	if later, known := o.known[resource]; known {
		return later // Another call has changed the policy meanwhile.
	}
	o.put(resource, p)
	return p
}

// set notes that a call has changed the policy of a resource.
func (o *ownPolicies) set(resource string, p policy.Document) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.put(resource, p)
}

// put keeps a policy. The caller holds the lock.
func (o *ownPolicies) put(resource string, p policy.Document) {
	if o.known == nil {
		o.known = map[string]policy.Document{}
	}
	o.known[resource] = p
}
