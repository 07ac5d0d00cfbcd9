package authorization

import (
	"slices"

	"github.com/coldstart-aws/coldstart/policy"
)

// grant is how far a resource policy's statement goes that allows a principal something.
type grant int8

// What a resource policy gives. A grant to the account leaves it to the account's identity policies. A
// grant to the role is limited by its permissions boundary and its session policies. A grant to a user, a
// session or everyone isn't limited.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
const (
	toNobody grant = iota
	toAccount
	toRole
	toPrincipal
)

// applies reports whether a statement is about the request, but for its principals.
func (e *evaluation) applies(d policy.Document, s policy.Statement) answer {
	if !e.isAbout(s) {
		return answer{truth: no}
	}
	variables := d.Version == "" // Earlier versions of the language have no variables.
	on := e.isOn(s, variables)
	if on.truth == no {
		return on
	}
	return on.and(e.condition(s.Condition, variables))
}

// isAbout reports whether a statement is about the request's action.
func (e *evaluation) isAbout(s policy.Statement) bool {
	about := func(pattern string) bool { return likeAction(pattern, e.q.Action) }
	if len(s.NotAction) > 0 {
		return !slices.ContainsFunc(s.NotAction, about)
	}
	return slices.ContainsFunc(s.Action, about)
}

// isOn reports whether a statement is about the request's resource. A trust policy names no resource: it
// is about its role.
func (e *evaluation) isOn(s policy.Statement, variables bool) answer {
	switch {
	case len(s.NotResource) > 0:
		return e.names(s.NotResource, variables).not()
	case len(s.Resource) > 0:
		return e.names(s.Resource, variables)
	}
	return answer{truth: yes}
}

// names reports whether one of some patterns is that of the request's resource.
func (e *evaluation) names(patterns policy.List, variables bool) answer {
	result := answer{truth: no}
	for _, pattern := range patterns {
		f := e.fill(pattern, variables)
		switch {
		case pattern == "*":
			return answer{truth: yes}
		case e.q.Resource == "":
			result = result.or(unknown("the resource"))
		case f.unknown != "":
			result = result.or(unknown(f.unknown))
		case !f.none && likeResource(f.pattern, e.q.Resource):
			return answer{truth: yes}
		}
	}
	return result
}

// means returns how a statement of a resource policy means the request's principal.
func (e *evaluation) means(s policy.Statement) (grant, answer) {
	switch {
	case s.NotPrincipal != nil && s.Effect == policy.Allow:
		_, a := e.namesPrincipal(*s.NotPrincipal)
		return toPrincipal, a.not()
	case s.NotPrincipal != nil:
		return toPrincipal, e.spares(*s.NotPrincipal).not()
	case s.Principal != nil:
		return e.namesPrincipal(*s.Principal)
	}
	return toNobody, answer{truth: no} // A resource policy has to say whom it means.
}

// namesPrincipal returns how far a Principal element goes for the request's principal.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (e *evaluation) namesPrincipal(named policy.Principal) (grant, answer) {
	p := e.q.Principal
	if named.Everyone || slices.Contains(named.AWS, "*") {
		return toPrincipal, answer{truth: yes}
	}
	found := toNobody
	switch p.Type {
	case Service:
		if slices.Contains(named.Service, p.ARN) {
			found = toPrincipal
		}
	case WebIdentity, SAML:
		if slices.Contains(named.Federated, p.ARN) {
			found = toPrincipal
		}
	case User, Role, Root, FederatedUser:
		for _, name := range named.AWS {
			found = max(found, p.namedBy(name))
		}
	case Anonymous:
	}
	if found == toNobody && len(named.CanonicalUser) > 0 && p.inAccount() {
		return toAccount, unknown("the canonical user id of account " + p.Account)
	}
	return found, is(found != toNobody)
}

// namedBy returns how far a grant to a name goes for the principal.
func (p Principal) namedBy(name string) grant {
	switch {
	case name == p.Account, name == p.rootARN():
		if p.Type == Root {
			return toPrincipal
		}
		return toAccount
	case p.Type == Role && name == p.sessionARN(), p.Type != Role && name == p.ARN:
		return toPrincipal
	case p.Type == Role && name == p.ARN:
		return toRole
	}
	return toNobody
}

// spares reports whether a NotPrincipal element makes an exception of the principal in a statement that
// denies: it has to name the account, the user or the role, and the role's session. No exception is made
// of a principal that has a permissions boundary.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (e *evaluation) spares(named policy.Principal) answer {
	p := e.q.Principal
	if named.Everyone {
		return answer{truth: yes}
	}
	if !p.inAccount() {
		_, a := e.namesPrincipal(named)
		return a
	}
	if e.p.Boundary != nil {
		return answer{truth: no}
	}
	spared := slices.Contains(named.AWS, p.rootARN()) || slices.Contains(named.AWS, p.Account)
	if p.Type != Root {
		spared = spared && slices.Contains(named.AWS, p.ARN)
	}
	if p.Type == Role {
		spared = spared && slices.Contains(named.AWS, p.sessionARN())
	}
	return is(spared)
}
