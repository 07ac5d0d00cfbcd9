package authorization

import (
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/policy"
)

// Decide returns what AWS answers to a request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
func Decide(q Request, p Policies) Decision {
	e := &evaluation{q: q, p: p, keys: q.keys()}
	e.readAll()
	if len(e.denials) > 0 {
		return Decision{Outcome: DeniedExplicitly, By: e.denials}
	}
	allows := answer{truth: yes}
	var by []Statement
	for _, n := range e.needed() {
		if n.allows.truth == no {
			return Decision{Outcome: DeniedImplicitly, Missing: n.kind, Level: n.level}
		}
		allows, by = allows.and(n.allows), append(by, n.by...)
	}
	if allows.truth == perhaps || len(e.doubts) > 0 {
		needs := slices.Sorted(slices.Values(slices.Concat(e.doubts, allows.needs)))
		return Decision{Outcome: CantTell, Unknown: slices.Compact(needs)}
	}
	return Decision{Outcome: Allowed, By: by}
}

// evaluation is a request while it is decided.
type evaluation struct {
	q    Request
	p    Policies
	keys map[string][]string // by names in lower case

	// denials are the statements that deny the request. Doubts are what would have to be known of those
	// that perhaps do.
	denials []Statement
	doubts  []string

	serviceControl, resourceControl []need
	identity, boundary, session     need
	// resource is what the resource policy allows, by how far each grant goes.
	resource map[grant]need
}

// need is a kind of policy, or a level of control policies, that has to allow the request.
type need struct {
	kind   Kind
	level  string
	allows answer
	by     []Statement
}

// lookup returns the values of a condition key, and whether they are known. There are none of a key
// that AWS doesn't send with the action.
func (e *evaluation) lookup(key string) (values []string, known bool) {
	values, known = e.keys[strings.ToLower(key)]
	return values, known || e.q.Complete || iamdata.Absent(e.q.Action, key)
}

// readAll evaluates all policies that bear on the request.
func (e *evaluation) readAll() {
	if e.restrictsPrincipal() {
		e.serviceControl = e.levels(ServiceControl, e.p.ServiceControl)
	}
	if e.restrictsResource() {
		e.resourceControl = e.levels(ResourceControl, e.p.ResourceControl)
	}
	e.readResource()
	if !e.q.Principal.inAccount() {
		return
	}
	e.identity = e.read(Identity, "", e.p.Identity)
	if e.q.Principal.Type == Root { // It has full access, without a policy.
		e.identity.allows = answer{truth: yes}
	}
	e.boundary, e.session = need{allows: answer{truth: yes}}, need{allows: answer{truth: yes}}
	if e.p.Boundary != nil {
		e.boundary = e.read(Boundary, "", []Policy{*e.p.Boundary})
	}
	// A federated user's session has no permissions without a session policy.
	// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
	if e.p.Session != nil || e.q.Principal.Type == FederatedUser {
		e.session = e.read(Session, "", e.p.Session)
	}
}

// restrictsPrincipal reports whether service control policies bear on the request.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
func (e *evaluation) restrictsPrincipal() bool {
	p := e.q.Principal
	return p.inAccount() && !p.serviceLinked() && p.Account != e.p.Management
}

// controlled are the services whose resources resource control policies restrict, as of January 2026.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
var controlled = []string{"s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss", "cognito-identity", "cognito-idp", "logs"}

// restrictsResource reports whether resource control policies bear on the request.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps
func (e *evaluation) restrictsResource() bool {
	owner := e.q.owner()
	return owner != "" && owner != e.p.Management && !e.q.Principal.serviceLinked() && slices.Contains(controlled, e.service())
}

// service is the prefix of the request's action.
func (e *evaluation) service() string {
	service, _, _ := strings.Cut(e.q.Action, ":")
	return strings.ToLower(service)
}

// levels evaluates control policies: each level has to allow the request.
func (e *evaluation) levels(kind Kind, levels []Level) []need {
	needs := make([]need, len(levels))
	for i, l := range levels {
		needs[i] = e.read(kind, l.Name, l.Policies)
	}
	return needs
}

// read evaluates policies of which one has to allow the request, and notes those that deny it.
func (e *evaluation) read(kind Kind, level string, policies []Policy) need {
	n := need{kind: kind, level: level}
	for _, p := range policies {
		e.each(kind, level, p, func(s policy.Statement) answer { return e.applies(p.Document, s) }, func(found Statement, a answer) {
			n.add(found, a)
		})
	}
	return n
}

// each evaluates the statements of a policy: it notes those that deny, and calls allows with those that
// allow or perhaps do.
func (e *evaluation) each(kind Kind, level string, p Policy, applies func(policy.Statement) answer, allows func(Statement, answer)) {
	if p.Unread {
		all := unknown("the " + string(kind) + " " + p.Name)
		e.doubts = append(e.doubts, all.needs...)
		allows(Statement{}, all)
		return
	}
	for i, s := range p.Document.Statements {
		a := applies(s)
		if a.truth == no {
			continue
		}
		found := Statement{Kind: kind, Level: level, Policy: p.Name, Name: nameOf(p, i)}
		switch {
		case s.Effect == policy.Allow:
			allows(found, a)
		case a.truth == yes:
			e.denials = append(e.denials, found)
		default:
			e.doubts = append(e.doubts, a.needs...)
		}
	}
}

// add notes a statement that allows the request, or perhaps does.
func (n *need) add(found Statement, a answer) {
	if a.truth == yes && n.allows.truth != yes {
		n.by = []Statement{found}
	}
	n.allows = n.allows.or(a)
}

// readResource evaluates the resource policy.
func (e *evaluation) readResource() {
	e.resource = map[grant]need{toAccount: {kind: Resource}, toRole: {kind: Resource}, toPrincipal: {kind: Resource}}
	if e.p.Resource == nil || e.locksOutOwner() {
		return
	}
	far := toPrincipal // Of a policy that isn't read.
	applies := func(s policy.Statement) answer {
		g, meant := e.means(s)
		far = g
		if meant.truth == no {
			return meant
		}
		return meant.and(e.applies(e.p.Resource.Document, s))
	}
	e.each(Resource, "", *e.p.Resource, applies, func(found Statement, a answer) {
		n := e.resource[far]
		n.add(found, a)
		e.resource[far] = n
	})
}

// locksOutOwner reports whether the request is one that S3 lets the root user of a bucket's account make
// whatever the bucket policy says, so that nobody is locked out for good.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
func (e *evaluation) locksOutOwner() bool {
	p := e.q.Principal
	return p.Type == Root && p.Account == e.q.owner() && slices.ContainsFunc(
		[]string{"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"},
		func(action string) bool { return strings.EqualFold(action, e.q.Action) })
}

// needed returns all that has to allow the request, in AWS's order.
func (e *evaluation) needed() []need {
	control := slices.Concat(e.resourceControl, e.serviceControl)
	p := e.q.Principal
	switch {
	case p.Type == Root && strings.EqualFold(e.q.Action, "sts:AssumeRole"):
		// A root user can't assume a role, whatever policies say.
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
		return append(control, need{kind: Identity})
	case !p.inAccount():
		return append(control, e.resource[toPrincipal])
	case strings.EqualFold(e.q.Action, "sts:AssumeRoot"):
		// A member's root user has no policy that would let the caller in: AWS Organizations does.
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
		return append(control, e.identity, e.boundary, e.session)
	case p.Account != e.q.owner():
		return append(control, e.anyGrant(), e.identity, e.boundary, e.session)
	}
	if e.resource[toPrincipal].allows.truth == yes {
		return append(control, e.resource[toPrincipal])
	}
	return append(control, e.sameAccount()...)
}

// anyGrant is what the resource policy allows anybody in the principal's account.
func (e *evaluation) anyGrant() need {
	return either(either(e.resource[toPrincipal], e.resource[toRole]), e.resource[toAccount])
}

// sameAccount returns what has to allow a request within an account that the resource policy doesn't
// grant to the principal itself.
func (e *evaluation) sameAccount() []need {
	granted := either(e.identity, e.resource[toRole])
	if e.policyNeeded() {
		delegated := e.resource[toAccount]
		if either(delegated, e.resource[toRole]).allows.truth == no && e.resource[toPrincipal].allows.truth == no {
			return []need{e.resource[toAccount]}
		}
		granted = either(both(delegated, e.identity), e.resource[toRole])
	}
	needs := []need{granted, e.boundary, e.session}
	if e.resource[toPrincipal].allows.truth == perhaps {
		for i := range needs {
			needs[i] = either(needs[i], e.resource[toPrincipal])
		}
	}
	return needs
}

// policyNeeded reports whether identity policies count only where the resource policy lets them: those
// of keys and of roles that are assumed.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
func (e *evaluation) policyNeeded() bool {
	switch e.service() {
	case "kms":
		return strings.Contains(e.q.Resource, ":key/")
	case "sts":
		return strings.Contains(e.q.Resource, ":role/")
	}
	return false
}

// either is what holds if one of two does. If neither does, the first is missing.
func either(a, b need) need {
	n := a
	if a.allows.truth < b.allows.truth {
		n.by = b.by
	}
	n.allows = a.allows.or(b.allows)
	return n
}

// both is what holds if two do.
func both(a, b need) need {
	n := b
	if a.allows.truth < b.allows.truth {
		n.kind, n.level = a.kind, a.level
	}
	n.by = slices.Concat(a.by, b.by)
	n.allows = a.allows.and(b.allows)
	return n
}
