package organization

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/iamdata"
)

// Expectation says what somebody can or can't do, so that a change of a policy that makes it untrue is
// noticed before it is made. It has either Can or Cannot.
type Expectation struct {
	// Who is asked about: users, roles, root, workflow, pull-request, coldstart, services, accounts of other
	// organizations, or anybody, as `coldstart can` takes them.
	Who []string
	// Can and Cannot are actions: s3:GetObject.
	Can, Cannot []string
	// In are the accounts in which it is done; EveryMember stands for all but the management account, and InAudit
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

// InAudit stands for the account that has the archive. An expectation that names it is about nothing if there is no
// archive.
const InAudit = "<audit>"

// Anybody stands for everybody in the organization.
const Anybody = "anybody"

// NoMFA is for a person who has shown no second factor.
const NoMFA time.Duration = -1

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
var variables = []string{"<in>", "<other>", InAudit, "<namespace>", "<region>"}

var (
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
			if !iamdata.IsAction(action) {
				ps.Add(key, "write <service>:<action>, such as s3:GetObject", "%q is no action", action)
			}
		}
		for _, account := range e.In {
			if account != EveryMember && account != InAudit && !o.declared(account) {
				ps.Add(key+".in", o.accountRemedy(account), "the account %q isn't declared", account)
			}
		}
		if len(e.Except) > 0 && !slices.Contains(e.Who, Anybody) {
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
