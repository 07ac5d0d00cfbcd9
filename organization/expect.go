package organization

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Expectation says what somebody can or can't do, so that a change of a policy that makes it untrue is
// noticed before it is made. It has either Can or Cannot.
type Expectation struct {
	// Who is asked about: users, roles, root, workflow, pull-request, coldstart, services, accounts of other
	// organizations, or anybody, as `coldstart can` takes them.
	Who []string
	// Can and Cannot are actions: s3:GetObject.
	Can, Cannot []string
	// In are the accounts in which it is done; EveryMember stands for all but the management account, and <audit>
	// for the one that has the archive.
	In []string
	// On is the ARN of the resource; empty for one that no policy names. <in> stands for the name of the
	// account in which it is done, <other> for that of each other account, <audit> for that which has the
	// archive, {prod} for the id of the account prod, and <namespace> and <region> for the organization's.
	On string
	// MFA is how long ago a person has shown a second factor; NoMFA for a person who hasn't.
	MFA time.Duration
	// With are further condition keys of the call.
	With map[string]string
	// Except are of anybody who may all the same.
	Except []string
	// Because is the reason.
	Because string
}

// EveryMember stands for all accounts but the management account.
const EveryMember = "*"

// NoMFA is for a person who has shown no second factor.
const NoMFA time.Duration = -1

// accountsOf returns the names of the accounts that an expectation is about: none if it is about the archive and there
// is none.
func (o *Organization) accountsOf(e Expectation) []string {
	switch {
	case !o.Audited() && (slices.Contains(e.In, inAudit) || strings.Contains(e.On, inAudit)):
		return nil
	case slices.Contains(e.In, EveryMember):
		return o.AccountNames()
	}
	accounts := slices.Clone(e.In)
	for i, account := range accounts {
		if account == inAudit {
			accounts[i] = o.Audit.Account
		}
	}
	return accounts
}

// Asked is one question of an expectation.
type Asked struct {
	Who, Action, Account, On string
}

// Questions yields what an expectation asks: for everybody who returns of an account, and without resources that skip
// reports for an account.
func (o *Organization) Questions(e Expectation, who func(account string) []string, skip func(account, on string) bool) iter.Seq[Asked] {
	return func(yield func(Asked) bool) {
		for _, account := range o.accountsOf(e) {
			who := who(account)
			for on := range o.resourcesOf(e.On, account) {
				if skip(account, on) {
					continue
				}
				for _, action := range slices.Concat(e.Can, e.Cannot) {
					for _, one := range who {
						if !yield(Asked{Who: one, Action: action, Account: account, On: on}) {
							return
						}
					}
				}
			}
		}
	}
}

// resourcesOf yields the ARNs that an expectation's pattern stands for.
func (o *Organization) resourcesOf(on, account string) iter.Seq[string] {
	return func(yield func(string) bool) {
		on := strings.NewReplacer("<in>", account, "<namespace>", o.Namespace, "<region>", o.Region, inAudit, o.Audit.Account).Replace(on)
		if !strings.Contains(on, "<other>") {
			yield(on)
			return
		}
		for _, other := range o.allAccounts() {
			if other != account && !yield(strings.ReplaceAll(on, "<other>", other)) {
				return
			}
		}
	}
}

// readExpectation reads an expectation.
func readExpectation(e *object, _ string) Expectation {
	x := Expectation{In: []string{EveryMember}}
	e.oneOrList("who", &x.Who)
	e.oneOrList("can", &x.Can)
	e.oneOrList("cannot", &x.Cannot)
	e.oneOrList("in", &x.In)
	e.text("on", &x.On)
	if node := e.fields["mfa"]; node != nil && isText(node) && node.Value == "none" {
		var none string
		e.text("mfa", &none)
		x.MFA = NoMFA
	} else {
		e.duration("mfa", &x.MFA)
	}
	e.texts("with", &x.With)
	e.oneOrList("except", &x.Except)
	e.text("because", &x.Because)
	return x
}

// variables are what may stand in Expectation.On besides names in braces.
var variables = []string{"<in>", "<other>", inAudit, "<namespace>", "<region>"}

// inAudit stands for the account that has the archive.
const inAudit = "<audit>"

var (
	isAction       = regexp.MustCompile(`^[a-zA-Z0-9-]+:[a-zA-Z0-9]+$`)
	isExpectation  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	inAngleBracket = regexp.MustCompile(`<[^>]*>`)
)

// checkExpectations checks that expectations can be asked. Whether they hold is for who has the policies.
func (o *Organization) checkExpectations(ps *Problems) {
	for _, name := range slices.Sorted(maps.Keys(o.Expect)) {
		key, e := prefix+"expect."+name, o.Expect[name]
		if !isExpectation.MatchString(name) {
			ps.Add(key, "write lower-case letters, digits and hyphens, such as nobody-leaves", "%q is no name of an expectation", name)
		}
		if len(e.Who) == 0 {
			ps.Add(key+".who", "write a user, a role, or anybody", "nobody is named")
		}
		if (len(e.Can) == 0) == (len(e.Cannot) == 0) {
			ps.Add(key, "write either can or cannot, with one action or a list", "an expectation is about what somebody can do, or can't")
		}
		for _, action := range slices.Concat(e.Can, e.Cannot) {
			if !isAction.MatchString(action) {
				ps.Add(key, "write <service>:<action>, such as s3:GetObject", "%q is no action", action)
			}
		}
		for _, account := range e.In {
			if account != EveryMember && account != inAudit && !o.declared(account) {
				ps.Add(key+".in", o.accountRemedy(account), "the account %q isn't declared", account)
			}
		}
		if len(e.Except) > 0 && !slices.Contains(e.Who, "anybody") {
			ps.Add(key+".except", "write who: anybody, or take except out", "only anybody has exceptions")
		}
		if e.MFA < NoMFA {
			ps.Add(key+".mfa", "write a length of time such as 30m, or none", "%s ago is in the future", e.MFA)
		}
		if e.Because == "" {
			ps.Add(key+".because", "write what would go wrong otherwise", "the reason is missing")
		}
		for _, variable := range inAngleBracket.FindAllString(e.On, -1) {
			if !slices.Contains(variables, variable) {
				ps.Add(key+".on", "write one of "+strings.Join(variables, ", "), "%s stands for nothing", variable)
			}
		}
	}
}

// Unmet returns the problem that an expectation isn't met.
func (e Expectation) Unmet(name string, found []string) Problem {
	const shown = 3
	text := strings.Join(found[:min(len(found), shown)], "; ")
	if len(found) > shown {
		text += fmt.Sprintf("; and %d more", len(found)-shown)
	}
	return Problem{
		Key: prefix + "expect." + name, Text: text,
		Remedy: "expected because: " + e.Because + " (change the policies, or what is expected)",
	}
}
