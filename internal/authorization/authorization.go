// Package authorization evaluates one IAM policy for one request, by IAM's grammar and
// evaluation logic. The rehearsal uses it in place of AWS, tests ask it about the policies that
// coldstart writes, and package organization checks declared policies with it.
//
//	d, err := policy.Parse(bucketPolicy)
//	…
//	ok, why := authorization.Allows(d, authorization.Request{Action: "s3:PutObject", Resource: arn, …})
//
// A condition key that isn't in Request.Keys counts as not sent. A condition with an operator
// that the package doesn't know holds in a statement that denies, and doesn't hold in one that
// allows. Policy variables have values in Resource and NotResource only, and not in conditions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
package authorization

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/policy"
)

// Principal is the caller who makes a request.
type Principal struct {
	Account string
	// ARN is the ARN of the user or of the role's session; empty for the account itself.
	ARN string
	// Role is the ARN of the role of a session; empty for any other caller.
	Role string
}

// Request is a request that a policy allows or denies.
type Request struct {
	// Action is <service>:<action>. The case of its letters doesn't matter.
	Action string
	// Resource is the ARN of the resource; empty for a trust policy, which names no resource.
	Resource string
	// Caller is compared with a statement's Principal or NotPrincipal.
	Caller Principal
	// Service is the service principal that makes the request for itself, such as
	// cloudtrail.amazonaws.com. If it is set, Caller isn't used.
	Service string
	// Provider is the ARN of the identity provider whose token the caller has. If it is set,
	// Caller and Service aren't used.
	Provider string
	// Keys are the condition keys that the request has, each with one value. The case of their
	// names doesn't matter in conditions.
	Keys map[string]string
}

// Allows reports whether a document by itself allows a request: one statement has to allow the
// request, and no statement may deny it. If ok is false, why names the statement that denies
// the request, or says that none allows it.
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

// Denies names the statement that denies a request: "statement" and its Sid, or its number if
// it has no Sid. It returns "" if no statement denies the request.
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
	if d.Version != "" { // An empty version is the current one. Earlier versions have no variables.
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

// IsOn reports whether a statement is about a resource, for any caller. A pattern with a policy
// variable matches no resource.
func IsOn(s policy.Statement, resource string) bool { return isOn(s, resource, nil) }

func isOn(s policy.Statement, resource string, variables map[string]string) bool {
	return covers(s.Resource, s.NotResource, func(pattern string) bool { return Like(substitute(pattern, variables), resource) })
}

// covers reports whether one of the patterns matches. If a statement has exceptions, covers
// reports whether none of these matches.
func covers(patterns, exceptions policy.List, matches func(pattern string) bool) bool {
	if len(exceptions) > 0 {
		return !slices.ContainsFunc(exceptions, matches)
	}
	return slices.ContainsFunc(patterns, matches)
}

// substitute replaces policy variables with their values. A variable without a value stays in
// the pattern, so the pattern matches nothing.
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

// isOf reports whether a statement is about the caller, by the statement's Principal or
// NotPrincipal. Identity-based policies and service control policies have neither. They are
// about every caller to whom they are attached.
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

// is reports whether a principal in a policy means the caller: the account by its id or root
// ARN, or the role or user by its ARN.
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
