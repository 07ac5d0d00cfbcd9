// Package authorization says what a policy of AWS's answers to a request: by the
// grammar of IAM and its rules of evaluation, for one policy at a time. The rehearsal
// asks it for AWS, and tests ask it about the policies that coldstart writes.
//
//	p, err := authorization.Parse(bucketPolicy)
//	…
//	ok, why := p.Allows(authorization.Request{Action: "s3:PutObject", Resource: arn, …})
//
// What isn't known never allows anything: a condition key that a request hasn't counts
// as not sent, and an operator that isn't known here holds in a statement that denies
// and not in one that allows.
package authorization

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/policy"
)

// Policy is the policy of a role, a bucket or a key, or a service control policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type Policy struct{ Statement statements }

// statements may be one without brackets.
type statements []Statement

// Statement is one statement of a policy.
type Statement struct {
	Sid                     string
	Effect                  string
	Principal, NotPrincipal principals
	Action, NotAction       policy.List
	Resource, NotResource   policy.List
	Condition               policy.Condition
}

// principals are lists by kind, or everybody.
type principals map[string]policy.List

func (s *statements) UnmarshalJSON(data []byte) error {
	return unmarshalOneOrMore(data, (*[]Statement)(s))
}

func unmarshalOneOrMore[T any](data []byte, out *[]T) error {
	if data[0] == '[' {
		return json.Unmarshal(data, out)
	}
	*out = make([]T, 1)
	return json.Unmarshal(data, &(*out)[0])
}

func (p *principals) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	return json.Unmarshal(data, (*map[string]policy.List)(p))
}

// Parse reads a policy.
func Parse(document string) (Policy, error) {
	var p Policy
	if err := json.Unmarshal([]byte(document), &p); err != nil {
		return p, fmt.Errorf("reading a policy: %w", err)
	}
	return p, nil
}

// Principal is who makes a request.
type Principal struct {
	Account string
	// ARN is that of the user, or of the role's session; empty for the account itself.
	ARN string
	// Role is the ARN of the role behind a session; empty for all others.
	Role string
}

// Request is what a policy decides on.
type Request struct {
	Action string
	// Resource is the ARN that the action is on; empty for a trust policy, which
	// names no resource.
	Resource string
	Caller   Principal
	// Service is the service principal that asks for itself, such as
	// cloudtrail.amazonaws.com; there is no caller then.
	Service string
	// Provider is the ARN of the identity provider that vouches for the caller; there
	// is no other caller then.
	Provider string
	// Keys are the condition keys that are known to be sent, in lower case.
	Keys map[string]string
}

// Allows reports whether the policy by itself allows a request: a statement has to
// allow it and none may deny it. If not, why says which statement denies it, or that
// none allows it.
func (p Policy) Allows(q Request) (ok bool, why string) {
	if by := p.Denies(q); by != "" {
		return false, by + " denies " + q.Action
	}
	for _, s := range p.Statement {
		if s.Effect == allow && s.matches(q) {
			return true, ""
		}
	}
	return false, "no statement allows " + q.Action
}

// Denies returns the statement that denies a request, by its Sid or else its number;
// empty if none does.
func (p Policy) Denies(q Request) string {
	for i, s := range p.Statement {
		switch {
		case s.Effect == allow || !s.matches(q):
		case s.Sid != "":
			return "statement " + s.Sid
		default:
			return fmt.Sprintf("statement %d", i+1)
		}
	}
	return ""
}

const allow = "Allow"

func (s Statement) matches(q Request) bool {
	if !s.IsAbout(q.Action) {
		return false
	}
	if q.Resource != "" && !s.IsOn(q.Resource) {
		return false
	}
	if len(s.NotPrincipal) > 0 == s.speaksOf(q) {
		return false
	}
	if s.Effect != allow {
		return s.Condition.MayHold(q.Keys)
	}
	return s.Condition.Holds(q.Keys)
}

// IsAbout reports whether a statement is about an action, whose letters' case doesn't
// matter.
func (s Statement) IsAbout(action string) bool {
	action = strings.ToLower(action)
	return covers(s.Action, s.NotAction, func(pattern string) bool { return policy.Like(strings.ToLower(pattern), action) })
}

// IsOn reports whether a statement is about a resource.
func (s Statement) IsOn(resource string) bool {
	return covers(s.Resource, s.NotResource, func(pattern string) bool { return policy.Like(pattern, resource) })
}

// covers reports whether one of some patterns matches, or none of those that a
// statement makes exceptions of.
func covers(patterns, exceptions policy.List, matches func(pattern string) bool) bool {
	if len(exceptions) > 0 {
		return !slices.ContainsFunc(exceptions, matches)
	}
	return slices.ContainsFunc(patterns, matches)
}

// speaksOf reports whether the statement's Principal, or its NotPrincipal, names
// who asks. A service control policy has neither, and is about everybody.
func (s Statement) speaksOf(q Request) bool {
	if s.Principal == nil && s.NotPrincipal == nil {
		return true
	}
	named := s.Principal
	if len(s.NotPrincipal) > 0 {
		named = s.NotPrincipal
	}
	switch {
	case q.Provider != "":
		return slices.Contains(named["Federated"], q.Provider)
	case q.Service != "":
		return slices.Contains(named["Service"], q.Service) || slices.Contains(named["AWS"], "*")
	}
	return slices.ContainsFunc(named["AWS"], q.Caller.is)
}

// is reports whether a policy means the caller: the account by its id or root, or
// the role or the user by its ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (p Principal) is(principal string) bool {
	switch principal {
	case "*", p.Account, "arn:aws:iam::" + p.Account + ":root":
		return true
	case "":
		return false
	}
	return principal == p.Role || principal == p.ARN
}
