// Package expectations checks what a declaration expects (coldstart:expect) by the IAM documents that the
// declaration amounts to, before any of them exists, or by those that AWS has:
//
//	documents, err := blueprint.Documents(ctx, org)
//	results, problems := expectations.Check(documents, org)
//	err = problems.In(organization.File).Err()
package expectations

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// Result is what has become of an expectation.
type Result struct {
	Name    string `json:"name"`
	Because string `json:"because"`
	// Asked is how many questions the expectation is about.
	Asked int `json:"asked"`
	// Unmet are the answers that aren't as expected, in words.
	Unmet []string `json:"unmet,omitempty"`
	// Promise says that coldstart promises it of every organization. It isn't an expectation of the declaration's.
	Promise bool `json:"promise,omitempty"`
}

// Check asks all questions of a declaration's expectations about documents. It returns the results in the order of their
// names, and the problems: expectations that aren't met, and questions that can't be asked, such as one about a role that
// an account doesn't have.
func Check(all *permissions.Documents, org *organization.Organization) (results []Result, problems organization.Problems) {
	c := checker{Documents: all, org: org, alike: likeEach(all.Alike()), mentions: all.Mentioning()}
	for _, name := range slices.Sorted(maps.Keys(org.Expect)) {
		e := org.Expect[name]
		r := Result{Name: name, Because: e.Because}
		for q := range questions(org, e, func(account string) []string { return c.who(e, account) }, func(account, on string) bool { return c.skips(e, account, on) }) {
			answer, err := all.Ask(question(e, q))
			if err != nil {
				problems.Add(keyOf(name), "ask about somebody, and something, that there is", "%v", err)
				break
			}
			r.Asked++
			if found := differs(e, answer); found != "" {
				r.Unmet = append(r.Unmet, found+others(c.like(e, q.account)))
			}
		}
		if len(r.Unmet) > 0 {
			problems = append(problems, unmet(name, e, r.Unmet))
		}
		results = append(results, r)
	}
	return results, problems
}

// checker asks the questions of a declaration's expectations.
type checker struct {
	*permissions.Documents
	org *organization.Organization
	// alike are the accounts that are like each account, and mentions reports whether a resource's policy has an
	// account in it.
	alike    map[string][]string
	mentions func(resource, account string) bool
}

// who returns whom an expectation is about in an account. Of an expectation about every member, a role that only other
// accounts have isn't asked about.
func (c checker) who(e organization.Expectation, account string) []string {
	if !slices.Contains(e.Who, organization.Anybody) {
		return slices.DeleteFunc(slices.Clone(e.Who), func(who string) bool {
			_, isRole := c.org.Access.Roles[who]
			return isRole && slices.Contains(e.In, organization.EveryMember) && !slices.Contains(c.org.RoleNames(account), who)
		})
	}
	who := c.Everybody(account)
	if len(e.Cannot) > 0 { // What a role can't do, nobody can through the role.
		who = c.Acting(account)
	}
	return slices.DeleteFunc(who, func(one string) bool { return slices.Contains(e.Except, one) })
}

// like returns the accounts of which the answers are the same as of an account, itself among them.
func (c checker) like(e organization.Expectation, account string) []string {
	if !slices.Contains(e.In, organization.EveryMember) || slices.ContainsFunc(e.Who, c.IsPerson) {
		return []string{account}
	}
	return c.alike[account]
}

// skips reports whether an account needn't be asked about, since one that is like it is.
func (c checker) skips(e organization.Expectation, account, on string) bool {
	return c.like(e, account)[0] != account && !c.mentions(on, account)
}

// likeEach returns for each member account those that are like it, itself among them, in the order of their names.
func likeEach(groups [][]string) map[string][]string {
	like := map[string][]string{}
	for _, group := range groups {
		// The management account isn't among those that * stands for.
		group = slices.DeleteFunc(slices.Clone(group), func(account string) bool { return account == organization.Master })
		for _, account := range group {
			like[account] = group
		}
	}
	return like
}

// others names accounts of which the answer is the same as of the first.
func others(like []string) string {
	const few = 4
	switch n := len(like) - 1; {
	case n == 0:
		return ""
	case n > few:
		return fmt.Sprintf(" (and in %d accounts like it)", n)
	}
	return " (and in " + strings.Join(like[1:], ", ") + ")"
}

// question is one question of an expectation.
func question(e organization.Expectation, q asked) permissions.Question {
	keys := map[string][]string{}
	for key, value := range e.With {
		if keys[key] = nil; value != "" {
			keys[key] = []string{value}
		}
	}
	return permissions.Question{Who: q.who, Action: q.action, Account: q.account, Resource: q.on, MFA: e.MFA, Keys: keys}
}

// differs says how an answer differs from what is expected; empty if it doesn't. What can't be told isn't as
// expected, whatever that is.
func differs(e organization.Expectation, a *permissions.Answer) string {
	outcome, why := a.Outcome, a.Why()
	if len(e.Can) > 0 { // A role and the permission set that is called alike are two names for one thing.
		outcome, why = a.OfAll()
	}
	denied := outcome == authorization.DeniedExplicitly || outcome == authorization.DeniedImplicitly
	if len(e.Can) > 0 && outcome == authorization.Allowed || len(e.Cannot) > 0 && denied {
		return ""
	}
	verb := map[bool]string{true: "can't", false: "can"}[denied]
	if outcome == authorization.CantTell {
		verb = "may be able to"
	}
	text := fmt.Sprintf("%s %s %s in %s", a.Who, verb, a.Action, a.Account)
	if e.On != "" {
		text += " on " + a.Resources[0]
	}
	if why != "" {
		text += ": " + why
	}
	return text
}

// unmet returns the problem that an expectation isn't met.
func unmet(name string, e organization.Expectation, found []string) organization.Problem {
	return organization.Problem{
		Key: keyOf(name), Text: Listed(found),
		Remedy: "expected because: " + e.Because + " (change the policies, or what is expected)",
	}
}

// Listed returns the first of what was found in a line, and how much more there is.
func Listed(found []string) string {
	const shown = 3
	text := strings.Join(found[:min(len(found), shown)], "; ")
	if len(found) > shown {
		text += fmt.Sprintf("; and %d more", len(found)-shown)
	}
	return text
}

// keyOf is an expectation's key in the declaration.
func keyOf(name string) string { return "coldstart:expect." + name }
