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
	w *world

	mu       sync.Mutex
	policies map[string]policy.Document // by bucket; empty for a bucket without a policy
}

func newGuarded(w *world) *guarded {
	return &guarded{w: w, policies: map[string]policy.Document{}}
}

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
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policies[c.Resource] = p
}

// of returns the policy of a call's bucket. It asks the emulator once for each bucket.
func (r *guarded) of(c *proxy.Call) policy.Document {
	r.mu.Lock()
	p, known := r.policies[c.Resource]
	r.mu.Unlock()
	if known {
		return p
	}
	if document, status := r.w.bucket(c.Context(), r.w.Management, c.Resource, "policy"); status == http.StatusOK {
		p, _ = policy.Parse(string(document))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if later, known := r.policies[c.Resource]; known {
		return later // Another call has changed the policy meanwhile.
	}
	r.policies[c.Resource] = p
	return p
}
