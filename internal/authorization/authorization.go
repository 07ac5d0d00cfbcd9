// Package authorization says what a policy of AWS's answers to a request: by the
// grammar of IAM and its rules of evaluation, for one policy at a time. The rehearsal
// asks it for AWS, and tests ask it about the policies that coldstart writes.
//
//	d, err := policy.Parse(bucketPolicy)
//	…
//	ok, why := authorization.Allows(d, authorization.Request{Action: "s3:PutObject", Resource: arn, …})
//
// What isn't known never allows anything: a condition key that a request hasn't counts
// as not sent, and an operator that isn't known here holds in a statement that denies
// and not in one that allows.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
package authorization

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/policy"
)

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
	// Action is <service>:<action>. The case of its letters doesn't matter.
	Action string
	// Resource is the ARN that the action is on; empty for a trust policy, which
	// names no resource.
	Resource string
	// Caller is compared with the principals of the policies that have any.
	Caller Principal
	// Service is the service principal that asks for itself, such as
	// cloudtrail.amazonaws.com; there is no caller then.
	Service string
	// Provider is the ARN of the identity provider that vouches for the caller; there
	// is no other caller then.
	Provider string
	// Keys are the condition keys that are known to be sent, each with one value. The
	// case of their names doesn't matter.
	Keys map[string]string
}

// Allows reports whether a document by itself allows a request: a statement has to
// allow it and none may deny it. If not, why says which statement denies it, or that
// none allows it.
func Allows(d policy.Document, q Request) (ok bool, why string) {
	if by := Denies(d, q); by != "" {
		return false, by + " denies " + q.Action
	}
	for _, s := range d.Statements {
		if s.Effect == policy.Allow && applies(d, s, q) {
			return true, ""
		}
	}
	return false, "no statement allows " + q.Action
}

// Denies returns the statement that denies a request, by its Sid or else its number;
// empty if none does.
func Denies(d policy.Document, q Request) string {
	for i, s := range d.Statements {
		switch {
		case s.Effect == policy.Allow || !applies(d, s, q):
		case s.Sid != "":
			return "statement " + s.Sid
		default:
			return fmt.Sprintf("statement %d", i+1)
		}
	}
	return ""
}

func applies(d policy.Document, s policy.Statement, q Request) bool {
	if !IsAbout(s, q.Action) {
		return false
	}
	variables := q.Keys
	if d.Version != "" { // Earlier versions of the language have no variables.
		variables = nil
	}
	if q.Resource != "" && !isOn(s, q.Resource, variables) {
		return false
	}
	if !isOf(s, q) {
		return false
	}
	if s.Effect != policy.Allow {
		return mayHold(s.Condition, q.Keys)
	}
	return Holds(s.Condition, q.Keys)
}

// IsAbout reports whether a statement is about an action. The case of the action's
// letters doesn't matter.
func IsAbout(s policy.Statement, action string) bool {
	action = strings.ToLower(action)
	return covers(s.Action, s.NotAction, func(pattern string) bool { return Like(strings.ToLower(pattern), action) })
}

// IsOn reports whether a statement is about a resource, whoever asks: a pattern with a
// policy variable is about none.
func IsOn(s policy.Statement, resource string) bool { return isOn(s, resource, nil) }

func isOn(s policy.Statement, resource string, variables map[string]string) bool {
	return covers(s.Resource, s.NotResource, func(pattern string) bool { return Like(substitute(pattern, variables), resource) })
}

// covers reports whether one of some patterns matches, or none of those that a
// statement makes exceptions of.
func covers(patterns, exceptions policy.List, matches func(pattern string) bool) bool {
	if len(exceptions) > 0 {
		return !slices.ContainsFunc(exceptions, matches)
	}
	return slices.ContainsFunc(patterns, matches)
}

// substitute puts in the values of policy variables. One that has no value stays, and
// is like nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func substitute(pattern string, variables map[string]string) string {
	if !strings.Contains(pattern, "${") {
		return pattern
	}
	for name, value := range variables {
		pattern = strings.ReplaceAll(pattern, "${"+name+"}", value)
	}
	return pattern
}

// isOf reports whether a statement is about who asks, by its Principal or NotPrincipal.
// An identity's policy or a service control policy has neither, and is about whoever the
// policy is attached to.
func isOf(s policy.Statement, q Request) bool {
	switch {
	case s.NotPrincipal != nil:
		return !names(*s.NotPrincipal, q)
	case s.Principal != nil:
		return names(*s.Principal, q)
	}
	return true
}

func names(p policy.Principal, q Request) bool {
	switch {
	case q.Provider != "":
		return slices.Contains(p.Federated, q.Provider)
	case q.Service != "":
		return p.Everyone || slices.Contains(p.Service, q.Service) || slices.Contains(p.AWS, "*")
	}
	return p.Everyone || slices.ContainsFunc(p.AWS, q.Caller.is)
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
