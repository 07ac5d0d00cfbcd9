package permissions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

var (
	isService   = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com$`)
	isAccountID = regexp.MustCompile(`^\d{12}$`)
	isProvider  = regexp.MustCompile(`^arn:aws:iam::\d{12}:oidc-provider/`)
	isPrincipal = regexp.MustCompile(`^arn:aws:(?:iam|sts)::(\d{12}):`)
)

// entrance is how whoever a question is about comes to make calls.
type entrance struct {
	as string
	// enter is whether the role may be assumed; nil where none has to be. Through is the assignment of IAM Identity Center that leads to it.
	enter   *authorization.Decision
	through string
	// role is the role that is assumed; nil where none is.
	role *identity
	// decide decides a call by documents.
	decide func(*Documents, request) authorization.Decision
}

// request is a call on one resource.
type request struct {
	call
	resource string
	// owner is the id of the account that owns the resource.
	owner string
}

// way makes a call.
func (e entrance) way(d *Documents, c call) Way {
	w := Way{As: e.as, Enter: e.enter, Through: e.through}
	if e.enter == nil || e.enter.Allowed() || e.enter.Outcome == authorization.CantTell {
		decision := d.telling(e.decideAll(d, c))
		w.Decision = &decision
	}
	return w
}

// decideAll decides a call that is on several resources. The worst answer counts.
func (e entrance) decideAll(d *Documents, c call) authorization.Decision {
	var worst authorization.Decision
	for _, resource := range c.resources {
		decision := e.decide(d, request{call: c, resource: resource, owner: d.ownerOf(resource, c)})
		if slices.Index(best, decision.Outcome) > slices.Index(best, worst.Outcome) {
			worst = decision
		}
	}
	return worst
}

// telling returns a decision without the statements of AWS's own control policies, which allow everything, and
// with the names of accounts.
func (d *Documents) telling(decision authorization.Decision) authorization.Decision {
	var by []authorization.Statement
	for _, s := range decision.By {
		if s.Policy != full[organization.ServiceControlPolicy].Name && s.Policy != full[organization.ResourceControlPolicy].Name {
			s.Policy = d.shown(s.Policy)
			by = append(by, s)
		}
	}
	decision.By = by
	return decision
}

// entrances returns how whoever a question is about comes to make a call.
func (d *Documents) entrances(q Question, c call) ([]entrance, error) {
	user, inDirectory := d.user(q.Who), d.inDirectory(q.Who)
	switch roles := d.rolesOf(q.Account, q.Who); {
	case user != nil || inDirectory != "":
		return slices.Concat(d.entrancesOfUser(user, c), d.entrancesByIdentityCenter(inDirectory, c)), nil
	case q.Who == Root:
		return []entrance{{as: "root user of " + q.Account, decide: (*Documents).asRoot}}, nil
	case q.Who == Workflow || q.Who == PullRequest:
		return d.entrancesOfWorkflow(q.Who, c)
	case q.Who == Almighty:
		return []entrance{by(imagined(c.account, everything(nil)), nil)}, nil
	case q.Who == Powerless:
		return []entrance{by(imagined(c.account, policy.Document{}), nil)}, nil
	case isProvider.MatchString(d.spelled(q.Who)):
		return []entrance{{as: "token of " + q.Who, decide: asToken(d.spelled(q.Who))}}, nil
	case isService.MatchString(q.Who):
		return []entrance{{as: "service " + q.Who, decide: asService(q.Who)}}, nil
	case len(roles) > 0:
		var found []entrance
		for _, role := range roles {
			found = append(found, by(role, nil))
		}
		return found, nil
	}
	arn := d.spelled(q.Who)
	if isAccountID.MatchString(arn) {
		arn = "arn:aws:iam::" + arn + ":role/any"
	}
	if account := isPrincipal.FindStringSubmatch(arn); account != nil {
		if id := d.identities[arn]; id != nil {
			return []entrance{by(id, nil)}, nil
		}
		if !d.has(account[1]) {
			return []entrance{{as: "whoever account " + account[1] + " lets", decide: asForeigner(arn, account[1])}}, nil
		}
	}
	return nil, fmt.Errorf("there is no %q in account %s: ask about one of %s; about a service, such as cloudtrail.amazonaws.com; or about another organization's account or principal",
		q.Who, q.Account, strings.Join(d.Everybody(q.Account), ", "))
}

// by is the entrance of a user, or of a session of a role.
func by(id *identity, enter *authorization.Decision) entrance {
	return entrance{as: titleOf(id), enter: enter, decide: func(d *Documents, c request) authorization.Decision {
		return d.asIdentity(id, c, d.policyOf(c))
	}}
}

// imagined returns a user of an account that has one policy.
func imagined(account string, document policy.Document) *identity {
	return &identity{
		arn: "arn:aws:iam::" + account + ":user/any", name: "any", account: account, kind: authorization.User,
		policies: []authorization.Policy{{Name: "of a user who is only imagined", Document: document}},
	}
}

// asToken decides the exchange of a token of an identity provider for a session. What the token says has to be among the
// question's keys.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func asToken(provider string) func(*Documents, request) authorization.Decision {
	return func(d *Documents, c request) authorization.Decision {
		principal := authorization.Principal{Type: authorization.WebIdentity, ARN: provider}
		return d.decide(principal, c, authorization.FromOutside(c.region), authorization.Policies{Resource: d.policyOf(c)})
	}
}

// user returns the user that a question is about; nil if it is about somebody else.
func (d *Documents) user(who string) *identity {
	if slices.Contains(reserved, who) {
		return nil
	}
	return d.find(d.accounts[d.org.Access.Account], "user", strings.TrimPrefix(who, inUsers))
}

// has reports whether an account is one of the organization's.
func (d *Documents) has(account string) bool {
	_, member := d.control[account]
	return member || account == d.management()
}

// entrancesOfUser are a user's own, in the account that the user is in, and those of each role of the
// account that the user's policies or the role's trust policy speak of. Nil is for a person who has no IAM user.
func (d *Documents) entrancesOfUser(user *identity, c call) []entrance {
	var found []entrance
	if user == nil {
		return nil
	}
	if user.account == c.account {
		found = append(found, by(user, nil))
	}
	for _, role := range d.roles[c.account] {
		enter := request{resource: role.arn, owner: c.account, call: call{
			action: "sts:AssumeRole", account: user.account, region: c.region, mfa: c.mfa, keys: map[string][]string{
				"sts:RoleSessionName": {user.name}, "sts:ExternalId": nil, "sts:SourceIdentity": nil, "sts:TransitiveTagKeys": nil, "aws:TagKeys": nil,
			},
		}}
		// Of a role that nobody has opened to the user there is nothing to say. Of one that a guardrail closes there is.
		asked, policies := d.requestOf(user.free, enter, unconditional(role.trust))
		policies.ServiceControl, policies.ResourceControl = nil, nil
		if authorization.Decide(asked, policies).Allowed() {
			decision := d.telling(d.asIdentity(user, enter, role.trust))
			e := by(role, &decision)
			e.role = role
			found = append(found, e)
		}
	}
	return found
}

// unconditional returns the user as if every statement that allows something allowed it on no condition, and
// none denied anything.
func (id *identity) unconditional() identity {
	free := *id
	free.policies = nil
	for _, p := range id.policies {
		free.policies = append(free.policies, *unconditional(&p))
	}
	return free
}

func unconditional(p *authorization.Policy) *authorization.Policy {
	free := *p
	free.Document.Statements = nil
	for _, s := range p.Document.Statements {
		if s.Effect == policy.Allow {
			s.Condition = nil
			free.Document.Statements = append(free.Document.Statements, s)
		}
	}
	return &free
}

// entrancesOfWorkflow are the roles of the account that the tokens of the declared repository's runs open.
// https://docs.github.com/en/actions/reference/security/oidc
func (d *Documents) entrancesOfWorkflow(who string, c call) ([]entrance, error) {
	if d.org.Access.GitHub.Repository == "" {
		return nil, fmt.Errorf("coldstart:access.github names no repository, so there is no %s", who)
	}
	var found []entrance
	for _, role := range d.roles[c.account] {
		for _, subject := range workflowSubjects(d.org.Access.GitHub, who) {
			enter := asToken(organization.GitHubProviderARN(c.account))(d, request{resource: role.arn, owner: c.account, call: call{
				action: "sts:AssumeRoleWithWebIdentity", account: c.account, region: c.region,
				keys: map[string][]string{organization.GitHubIssuer + ":aud": {wellknown.Audience}, organization.GitHubIssuer + ":sub": {subject}},
			}})
			if enter.Allowed() {
				enter = d.telling(enter)
				found = append(found, by(role, &enter))
				break
			}
		}
	}
	return found, nil
}

// policyOf returns the policy of a resource; nil if it has none. A key that the documents don't have has KMS's
// default policy.
func (d *Documents) policyOf(c request) *authorization.Policy {
	if id := d.identities[c.resource]; id != nil && id.trust != nil {
		return id.trust
	}
	p := d.resources[whole(c.resource)]
	if p == nil && strings.HasPrefix(c.resource, "arn:aws:kms:") && strings.Contains(c.resource, ":key/") {
		p = &authorization.Policy{Name: "of a key with KMS's default policy", Document: defaultKeyPolicy(c.owner)}
	}
	return p
}

// asIdentity decides the call of a user or of a role's session.
func (d *Documents) asIdentity(id *identity, c request, resource *authorization.Policy) authorization.Decision {
	asked, policies := d.requestOf(id, c, resource)
	decision := authorization.Decide(asked, policies)
	if id.set == "" || decision.Outcome != authorization.CantTell {
		return decision
	}
	return byFederation(decision, asked, policies)
}

// requestOf is the call of a user or of a role's session as AWS gets it, with the policies that bear on it.
func (d *Documents) requestOf(id *identity, c request, resource *authorization.Policy) (authorization.Request, authorization.Policies) {
	keys := d.member(id.account, c.region)
	maps.Copy(keys, signedIn(id.kind, c.mfa))
	maps.Copy(keys, d.tagKeys("aws:PrincipalTag/", id.tags))
	return d.request(authorization.Principal{Type: id.kind, Account: id.account, ARN: id.arn, Session: id.session}, c, keys, authorization.Policies{
		ServiceControl: d.control[id.account].service, Resource: resource, Identity: id.policies, Boundary: id.boundary,
	})
}

// byFederation returns the decision about a session of a role of IAM Identity Center's where that depends on MFA. AWS doesn't know whether who
// comes in by SAML has shown a second factor, so aws:MultiFactorAuthPresent is never true. Whether it is false, or isn't there, AWS doesn't say:
// only an answer that is the same for both counts.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
func byFederation(decision authorization.Decision, asked authorization.Request, policies authorization.Policies) authorization.Decision {
	const present = "aws:multifactorauthpresent"
	if _, given := asked.Keys[present]; given {
		return decision
	}
	asked.Keys[present], asked.Keys["aws:multifactorauthage"] = nil, nil
	absent := authorization.Decide(asked, policies)
	asked.Keys[present] = []string{"false"}
	if authorization.Decide(asked, policies).Outcome == absent.Outcome {
		return absent
	}
	return decision
}

// asRoot decides the call of the account's root user, who has signed in or has an access key. A question about a session of
// central root access says so by its own keys.
func (d *Documents) asRoot(c request) authorization.Decision {
	keys := d.member(c.account, c.region)
	keys["aws:AssumedRoot"] = nil
	maps.Copy(keys, signedIn(authorization.Root, c.mfa))
	return d.decide(authorization.Principal{Type: authorization.Root, Account: c.account, ARN: "arn:aws:iam::" + c.account + ":root"}, c, keys, authorization.Policies{
		ServiceControl: d.control[c.account].service, Resource: d.policyOf(c),
	})
}

// asService decides the call of a service. What the service sends about its own resource has to be among the
// question's keys.
func asService(name string) func(*Documents, request) authorization.Decision {
	return func(d *Documents, c request) authorization.Decision {
		keys := map[string][]string{"aws:RequestedRegion": {c.region}, "aws:SecureTransport": {"true"}, "aws:PrincipalOrgID": nil}
		return d.decide(authorization.Principal{Type: authorization.Service, ARN: name}, c, keys, authorization.Policies{Resource: d.policyOf(c)})
	}
}

// asForeigner decides the call of somebody outside of the organization, whom the own account lets do
// everything.
func asForeigner(arn, account string) func(*Documents, request) authorization.Decision {
	principal := authorization.Principal{Type: authorization.Role, Account: account, ARN: arn}
	if strings.Contains(arn, ":user/") {
		principal.Type = authorization.User
	}
	return func(d *Documents, c request) authorization.Decision {
		keys := authorization.FromOutside(c.region)
		keys["aws:PrincipalOrgID"], keys["aws:PrincipalOrgPaths"] = nil, nil
		return d.decide(principal, c, keys, authorization.Policies{
			Resource: d.policyOf(c), Identity: []authorization.Policy{{Name: "of account " + account, Document: everything(nil)}},
		})
	}
}

// decide decides the call of a principal.
func (d *Documents) decide(principal authorization.Principal, c request, keys map[string][]string, p authorization.Policies) authorization.Decision {
	return authorization.Decide(d.request(principal, c, keys, p))
}

// request is the call of a principal as AWS gets it, with the names of keys in lower case, and the policies that bear on it. The question's own
// keys come before those that follow from the principal.
func (d *Documents) request(principal authorization.Principal, c request, keys map[string][]string, p authorization.Policies) (authorization.Request, authorization.Policies) {
	all := map[string][]string{} // AWS ignores the case of names.
	for _, some := range []map[string][]string{keys, d.keysOf(c), c.keys} {
		for key, values := range some {
			all[strings.ToLower(key)] = values
		}
	}
	p.Management, p.ResourceControl = d.management(), d.control[c.owner].resource
	return authorization.Request{Action: c.action, Resource: c.resource, ResourceAccount: c.owner, Principal: principal, Keys: all}, p
}
