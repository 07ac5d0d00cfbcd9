// Package promises asks the IAM documents of an organization about what coldstart promises of every organization,
// whatever its declaration says: that strangers stay outside, accounts apart and logs as they are, that people need
// their second factor, and that guardrails deny what they are for and nothing else.
//
//	kept, err := promises.Check(documents, org)
//
// A promise speaks of calls and of AWS's answers, not of statements. So it finds a condition that is missing, a resource
// that is too wide and a denial that is gone, wherever that is.
package promises

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// Promise is what has become of one.
type Promise struct {
	Name    string `json:"name"`
	Because string `json:"because"`
	// Asked is how many questions it took.
	Asked int `json:"asked"`
	// Broken says who could, or couldn't, do what, and by which statements. It is empty for a promise that is kept.
	Broken []string `json:"broken,omitempty"`
	// Accounts are the names of those that the broken answers are about, in order.
	Accounts []string `json:"accounts,omitempty"`
}

// promise is one of those that Check asks about.
type promise struct {
	name, because string
	ask           func(*asking)
}

// all are the promises, in alphabetical order.
var all = []promise{
	{"accounts-are-apart", "an administrator of one account has no business in another", askAccounts},
	{"archive-holds", "logs are evidence, in the archive's own account too", askArchive},
	{"delegations-are-narrow", "who runs one account's domain must not be able to take over another's", askDelegations},
	{"guardrails-deny-what-they-are-for", "a guardrail with a hole protects nobody, and one that is too wide stops coldstart", askGuardrails},
	{"people-need-a-second-factor", "a password or an access key that leaks must not be enough", askPeople},
	{"people-reach-what-is-declared", "the access matrix is what a review reads", askMatrix},
	{"strangers-stay-outside", "nobody outside of the organization has business with its states, logs and roles", askStrangers},
	{"traffic-is-encrypted", "what is sent without TLS can be read and changed on the way", askPlaintext},
	{"workflows-are-held", "a pull request is code that nobody has read yet", askWorkflows},
}

// Check asks about all promises. The error is about a question that can't be asked, which is a fault of this package.
func Check(d *permissions.Documents, org *organization.Organization) ([]Promise, error) {
	var kept []Promise
	a := &asking{Documents: d, org: org, members: representatives(d), resources: d.Resources()}
	for _, p := range all {
		a.promise = Promise{Name: p.name, Because: p.because}
		p.ask(a)
		kept = append(kept, a.promise)
	}
	return kept, a.err
}

// asking asks the questions of one promise after the other.
type asking struct {
	*permissions.Documents
	org *organization.Organization
	// members are member accounts, one of those that are alike.
	members []string
	// resources are what has a policy of its own.
	resources []permissions.Resource
	promise   Promise
	err       error
}

// representatives returns the first of each group of member accounts that are alike.
func representatives(d *permissions.Documents) []string {
	var members []string
	for _, group := range d.Alike() {
		group = slices.DeleteFunc(slices.Clone(group), func(account string) bool { return account == organization.Master })
		if len(group) > 0 {
			members = append(members, group[0])
		}
	}
	return members
}

// roles are the names in IAM of the roles of people in an account. By those, nobody else who is called alike is asked about.
func (a *asking) roles(account string) []string {
	names := a.org.IAMRoles(account)
	for i, role := range names {
		names[i] = a.org.Name(account, role)
	}
	return names
}

// sets are the names of the permission sets that coldstart assigns in an account. Those of which IAM Identity Center has no role there yet,
// because nobody has enabled it, aren't among them.
func (a *asking) sets(account string) (names []string) {
	there := a.PermissionSets(account)
	for _, role := range a.org.AssignedRoles(account) {
		if name := a.org.PermissionSetName(account, role); slices.Contains(there, name) {
			names = append(names, name)
		}
	}
	return names
}

// question is a permissions.Question in short.
type question struct {
	who, action, in, on string
	mfa                 time.Duration
	keys                map[string][]string
	// own is for what a user does with the user's own credentials, and not through a role.
	own bool
}

// ask asks a question.
func (a *asking) ask(q question) *permissions.Answer {
	a.promise.Asked++
	answer, err := a.Ask(permissions.Question{Who: q.who, Action: q.action, Account: q.in, Resource: q.on, MFA: q.mfa, Keys: q.keys})
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("the promise %s: %w", a.promise.Name, err)
	}
	if err != nil {
		return &permissions.Answer{Resources: []string{q.on}}
	}
	if q.own {
		answer.Ways = slices.DeleteFunc(answer.Ways, func(w permissions.Way) bool { return w.Enter != nil })
		for _, w := range answer.Ways {
			answer.Outcome = w.Outcome()
		}
	}
	return answer
}

// inBraces matches the name of an account in a question.
var inBraces = regexp.MustCompile(`\{([^}]+)\}`)

// breaks notes that an answer breaks the promise.
func (a *asking) breaks(q question, verb string, answer *permissions.Answer) {
	text := fmt.Sprintf("%s %s %s in %s", q.who, verb, q.action, q.in)
	if q.on != "" {
		text += " on " + answer.Resources[0] // It has accounts by their names.
	}
	for _, key := range slices.Sorted(maps.Keys(q.keys)) {
		text += fmt.Sprintf(", with %s %s", key, strings.Join(q.keys[key], " and "))
	}
	if q.mfa == organization.NoMFA {
		text += ", without MFA"
	}
	if why := answer.Why(); why != "" {
		text += ": " + why
	}
	a.promise.Broken = append(a.promise.Broken, text)
	a.promise.Accounts = append(a.promise.Accounts, q.in)
	for _, named := range inBraces.FindAllStringSubmatch(q.who+q.on, -1) {
		a.promise.Accounts = append(a.promise.Accounts, named[1])
	}
	slices.Sort(a.promise.Accounts)
	a.promise.Accounts = slices.Compact(a.promise.Accounts)
}

// can asks about what has to be allowed. What a control policy denies is as declared: an organization may have
// guardrails of its own.
func (a *asking) can(q question) {
	answer := a.ask(q)
	explicit := answer.Outcome == authorization.DeniedExplicitly && !deniedBy(answer, authorization.ServiceControl, "") && !deniedBy(answer, authorization.ResourceControl, "")
	if explicit || answer.Outcome == authorization.DeniedImplicitly {
		a.breaks(q, "can't", answer)
	}
}

// cannot asks about what has to be denied.
func (a *asking) cannot(q question) {
	switch answer := a.ask(q); answer.Outcome {
	case authorization.Allowed:
		a.breaks(q, "can", answer)
	case authorization.CantTell:
		a.breaks(q, "may be able to", answer)
	case authorization.DeniedExplicitly, authorization.DeniedImplicitly:
	}
}

// barred asks about what a policy of a kind has to deny, whatever other policies say. An empty name stands for every
// policy of the kind.
func (a *asking) barred(q question, kind authorization.Kind, name string) {
	if answer := a.ask(q); !deniedBy(answer, kind, name) {
		a.breaks(q, "isn't denied by the "+strings.TrimSpace(string(kind)+" "+name)+" to", answer)
	}
}

// spared asks about what a policy mustn't deny.
func (a *asking) spared(q question, kind authorization.Kind, name string) {
	if answer := a.ask(q); deniedBy(answer, kind, name) {
		a.breaks(q, "is denied by the "+string(kind)+" "+name+" to", answer)
	}
}

// deniedBy reports whether a policy of a kind denies, in whatever way the call is made.
func deniedBy(answer *permissions.Answer, kind authorization.Kind, name string) bool {
	return slices.ContainsFunc(answer.Ways, func(w permissions.Way) bool {
		return w.Decision != nil && w.Decision.Outcome == authorization.DeniedExplicitly &&
			slices.ContainsFunc(w.Decision.By, func(s authorization.Statement) bool { return s.Kind == kind && (name == "" || s.Policy == name) })
	})
}

// with returns condition keys from pairs of a name and a value. An empty value says that the call doesn't have the key.
func with(pairs ...string) map[string][]string {
	keys := map[string][]string{}
	for pair := range slices.Chunk(pairs, 2) {
		if keys[pair[0]] = nil; pair[1] != "" {
			keys[pair[0]] = pair[1:]
		}
	}
	return keys
}
