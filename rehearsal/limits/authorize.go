package limits

import (
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// authorize refuses the calls that policies don't allow. moto enforces no policy. The rule decides each call by all
// policies that the emulator holds at that moment: the service control policies of the caller's account, the resource
// control policies of the resource's account, the caller's own policies with the permissions boundary and the session
// policies, and the policy of the bucket, the KMS key or the role that the call is about.
//
// A call passes if the decision depends on something that the rule doesn't know. The proxy's report counts such calls.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type authorize struct {
	*members
	factors    *secondFactors
	identities *identities
	controls   *controls
	resources  *resourcePolicies
}

func (*authorize) Name() string { return "not authorized" }

func (r *authorize) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if a := r.refusal(c); a != nil {
		return a
	}
	a := next(c)
	r.controls.learn(c)
	if a.OK() {
		r.identities.learn(c, a)
		r.resources.learn(c)
	}
	if q, reads := r.decryption(c, a); reads {
		if refused := r.refuse(c, q); refused != nil {
			return refused
		}
	}
	return a
}

// refusal returns the answer to a call that policies don't allow; nil for any other call.
func (r *authorize) refusal(c *proxy.Call) *proxy.Answer {
	if c.Is("sts", "AssumeRole", "AssumeRoleWithWebIdentity") {
		return r.entry(c)
	}
	for _, q := range r.requests(c) {
		if a := r.refuse(c, q); a != nil {
			return a
		}
	}
	return nil
}

// refuse returns the answer to a call if policies don't allow a request of the call's; nil if they do, or if nobody can
// tell.
func (r *authorize) refuse(c *proxy.Call, q authorization.Request) *proxy.Answer {
	d := r.decide(c, q)
	if !refuses(c, d) {
		return nil
	}
	return r.because(c, q, d)
}

// refuses reports whether a decision refuses a call. It notes on the call what can't be told.
func refuses(c *proxy.Call, d authorization.Decision) bool {
	if d.Outcome == authorization.CantTell {
		c.Doubt(strings.Join(d.Unknown, ", "))
	}
	return d.Outcome == authorization.DeniedExplicitly || d.Outcome == authorization.DeniedImplicitly
}

// because returns the answer to a call that a decision refuses. The report counts it by the kind of policy.
func (r *authorize) because(c *proxy.Call, q authorization.Request, d authorization.Decision) *proxy.Answer {
	a := r.w.Refuse(c, unauthorized(c, q.Action, q.Resource, reason(q.Action, d)))
	a.By = string(decisive(d))
	return a
}

// decisive is the kind of policy by which a decision refuses a request.
func decisive(d authorization.Decision) authorization.Kind {
	if d.Outcome == authorization.DeniedExplicitly {
		return d.By[0].Kind
	}
	return d.Missing
}

// decide decides a request by all policies that bear on it. What takes a call to find out is asked only where a decision
// depends on it.
func (r *authorize) decide(c *proxy.Call, q authorization.Request) authorization.Decision {
	p := r.policies(c, q)
	if strings.HasPrefix(q.Action, "kms:") {
		absent(q.Keys, encryptionContextKey, p)
	}
	d := authorization.Decide(q, p)
	if slices.ContainsFunc(d.Unknown, func(key string) bool { return strings.EqualFold(key, resourceAliases) }) {
		q.Keys[resourceAliases] = r.resources.aliases(c, q.Resource)
		d = authorization.Decide(q, p)
	}
	if q.Resource == "" && d.Outcome == authorization.CantTell && c.Service == "iam" {
		if q.Resource = r.w.identity(c); iamdata.On(q.Action, q.Resource) {
			d = authorization.Decide(q, p)
		}
	}
	return d
}

// policies returns the policies that bear on a request of a call's.
func (r *authorize) policies(c *proxy.Call, q authorization.Request) authorization.Policies {
	p := authorization.Policies{Management: r.w.Management, Resource: r.resources.of(c, q)}
	owner := q.ResourceAccount
	if c.Caller.Account != "" {
		own := r.identities.of(c)
		p.Identity, p.Boundary, p.Session = own.policies, own.boundary, r.identities.session(c.AccessKey)
		p.ServiceControl = r.controls.of(c.Context(), serviceControl, c.Caller.Account)
		if owner == "" {
			owner = c.Caller.Account
		}
	}
	p.ResourceControl = r.controls.of(c.Context(), resourceControl, owner)
	return p
}

// absent notes that a request doesn't have those condition keys with a prefix that its policies name and that aren't among
// keys.
func absent(keys map[string][]string, prefix string, p authorization.Policies) {
	all := slices.Clone(p.Identity)
	all = append(all, p.Session...)
	for _, one := range []*authorization.Policy{p.Boundary, p.Resource} {
		if one != nil {
			all = append(all, *one)
		}
	}
	for _, l := range slices.Concat(p.ServiceControl, p.ResourceControl) {
		all = append(all, l.Policies...)
	}
	for _, policy := range all {
		for _, s := range policy.Document.Statements {
			for _, asked := range s.Condition {
				for key := range asked {
					key = strings.ToLower(key)
					if _, known := keys[key]; !known && strings.HasPrefix(key, prefix) {
						keys[key] = nil
					}
				}
			}
		}
	}
}
