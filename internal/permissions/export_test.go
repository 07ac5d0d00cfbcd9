package permissions

import (
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/organization"
)

// QuestionText is a question that can be a key of a map.
type QuestionText struct{ Who, Action, Account, Resource string }

// Bucket returns the name of the bucket of an account that has something in its name.
func (d *Documents) Bucket(t testing.TB, account, what string) string {
	t.Helper()
	for arn, owner := range d.owners {
		if name, isBucket := strings.CutPrefix(arn, "arn:aws:s3:::"); isBucket && owner == d.accounts[account] && strings.Contains(name, what) {
			return d.shown(name)
		}
	}
	t.Fatalf("account %s has no bucket %s", account, what)
	return ""
}

// Decided is a call by which somebody does something in a role, as package authorization decides it.
type Decided struct {
	// Person, Account, Role and Action are whom and what the call is about. Way is the way by which the person comes into the role.
	Person, Account, Role, Action, Resource, Way string `json:"-"`

	Name     string                 `json:"name"`
	Request  authorization.Request  `json:"request"`
	Policies authorization.Policies `json:"policies"`
	Outcome  authorization.Outcome  `json:"outcome"`
}

// Decide returns the calls of a person by each role of an account that the person comes into, with all keys that there are: those of the
// question, those that AWS gives a session, and no others. A session of a role of IAM's has been begun with MFA.
func (d *Documents) Decide(t testing.TB, q Question) (all []Decided) {
	t.Helper()
	c, entrances, err := d.read(q)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entrances {
		if e.role == nil || !e.enter.Allowed() {
			continue
		}
		for _, resource := range c.resources {
			on := request{call: c, resource: resource, owner: d.ownerOf(resource, c)}
			one := Decided{Person: q.Who, Account: q.Account, Role: d.shortName(q.Account, e.role), Action: c.action, Resource: resource, Way: wayOf(e.role)}
			one.Name = strings.Join([]string{one.Person, one.Account, one.Role, one.Action, d.shown(resource), one.Way}, " ")
			one.Request, one.Policies = d.requestOf(e.role, on, d.policyOf(on))
			one.Request.Complete = true
			for key, value := range map[string]string{
				"aws:principalarn": e.role.arn, "aws:principalaccount": e.role.account, "aws:principaltype": "AssumedRole", "aws:principalisawsservice": "false",
				"aws:resourceaccount": on.owner,
			} {
				one.Request.Keys[key] = []string{value}
			}
			if one.Way == organization.WayIAM {
				one.Request.Keys["aws:multifactorauthpresent"], one.Request.Keys["aws:multifactorauthage"] = []string{"true"}, []string{"60"}
			}
			one.Request.Principal.Session = q.Who
			one.Outcome = authorization.Decide(one.Request, one.Policies).Outcome
			all = append(all, one)
		}
	}
	return all
}
