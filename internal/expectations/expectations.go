// Package expectations checks what a declaration expects (coldstart:expect) by the IAM documents that the
// declaration amounts to, before any of them exists:
//
//	results, problems, err := expectations.Check(ctx, org)
//	if err == nil {
//		err = problems.In(organization.File).Err()
//	}
package expectations

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
}

// Check asks all questions of a declaration's expectations. It returns the results in the order of their names,
// and the problems: expectations that aren't met, and questions that can't be asked, such as one about a role that
// an account doesn't have.
func Check(ctx context.Context, org *organization.Organization) (results []Result, problems organization.Problems, err error) {
	if len(org.Expect) == 0 {
		return nil, nil, nil
	}
	all, err := permissions.Declared(ctx, org)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(org.Expect)) {
		e := org.Expect[name]
		r := Result{Name: name, Because: e.Because}
		for _, q := range org.Questions(e, all.Everybody) {
			answer, err := all.Ask(question(e, q))
			if err != nil {
				problems.Add("coldstart:expect."+name, "ask about somebody, and something, that there is", "%v", err)
				break
			}
			r.Asked++
			if unmet := differs(e, answer); unmet != "" {
				r.Unmet = append(r.Unmet, unmet)
			}
		}
		if len(r.Unmet) > 0 {
			problems = append(problems, e.Unmet(name, r.Unmet))
		}
		results = append(results, r)
	}
	return results, problems, nil
}

// question is one question of an expectation.
func question(e organization.Expectation, q organization.Asked) permissions.Question {
	keys := map[string][]string{}
	for key, value := range e.With {
		if keys[key] = nil; value != "" {
			keys[key] = []string{value}
		}
	}
	return permissions.Question{Who: q.Who, Action: q.Action, Account: q.Account, Resource: q.On, MFA: e.MFA, Keys: keys}
}

// differs says how an answer differs from what is expected; empty if it doesn't. What can't be told isn't as
// expected, whatever that is.
func differs(e organization.Expectation, a *permissions.Answer) string {
	denied := a.Outcome == authorization.DeniedExplicitly || a.Outcome == authorization.DeniedImplicitly
	if len(e.Can) > 0 && a.Outcome == authorization.Allowed || len(e.Cannot) > 0 && denied {
		return ""
	}
	verb := map[bool]string{true: "can't", false: "can"}[denied]
	if a.Outcome == authorization.CantTell {
		verb = "may be able to"
	}
	text := fmt.Sprintf("%s %s %s in %s", a.Who, verb, a.Action, a.Account)
	if e.On != "" {
		text += " on " + a.Resources[0]
	}
	if why := a.Why(); why != "" {
		text += ": " + why
	}
	return text
}
