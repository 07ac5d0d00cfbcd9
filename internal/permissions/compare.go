package permissions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// Change is what a change of policies opens to somebody, or closes.
type Change struct {
	// Who is a role's name without namespace and account, or Root.
	Who string `json:"who"`
	// Way is the way in for which it is so, organization.WayIAM or organization.WayIdentityCenter, of a role that people come into by both; empty if it is so for both.
	Way string `json:"way,omitempty"`
	// Accounts are those in which it is so.
	Accounts []string `json:"accounts"`
	// Opens are actions that are allowed and weren't, Closes are actions that were allowed and aren't. An
	// answer that can't be told isn't allowed.
	Opens  []string `json:"opens,omitempty"`
	Closes []string `json:"closes,omitempty"`
	// By are the statements that deny what is closed; "no … policy allows it" if none does.
	By []string `json:"by,omitempty"`
}

// wayOf is the way by which people come into a role.
func wayOf(role *identity) string {
	if role.set != "" {
		return organization.WayIdentityCenter
	}
	return organization.WayIAM
}

// Compare says whose answers differ between two declarations of an organization: those of the roles and root users
// of accounts that both have, about actions that a changed statement names. It asks about resources that no policy
// names, and about those that the changed statements name, with any in place of *. A role of IAM and the role of a permission set that are
// called alike are compared each with itself, or with the other if one of the declarations has only that. Roles that only one of the two
// has are in the access matrix.
func Compare(before, after *Documents) []Change {
	found := map[string]*Change{}
	var order []string
	for _, account := range slices.Sorted(maps.Keys(after.accounts)) {
		if _, both := before.accounts[account]; !both {
			continue
		}
		for _, s := range subjects(before, after, account) {
			was, is := before.bearing(account, s.was), after.bearing(account, s.is)
			if was.signature == is.signature {
				continue
			}
			key := s.who + "\n" + s.way + "\n" + was.signature + "\n" + is.signature
			if c := found[key]; c != nil {
				c.Accounts = append(c.Accounts, account)
				continue
			}
			found[key], order = compare(before, after, account, s, changed(was, is)), append(order, key)
		}
	}
	var all []Change
	for _, key := range order {
		if c := found[key]; len(c.Opens)+len(c.Closes) > 0 {
			all = append(all, *c)
		}
	}
	var changes []Change
	for _, c := range byBothWays(all) {
		if i := slices.IndexFunc(changes, func(other Change) bool { return c.like(other) && c.Way == other.Way && slices.Equal(c.By, other.By) }); i >= 0 {
			changes[i].Accounts = slices.Sorted(slices.Values(append(changes[i].Accounts, c.Accounts...)))
		} else {
			changes = append(changes, c)
		}
	}
	return changes
}

// like reports whether the same actions are opened and closed to the same role.
func (c Change) like(other Change) bool {
	return other.Who == c.Who && slices.Equal(other.Opens, c.Opens) && slices.Equal(other.Closes, c.Closes)
}

// byBothWays makes one change of two that are the same in the same accounts, one for each way.
func byBothWays(changes []Change) (merged []Change) {
	for _, c := range changes {
		i := slices.IndexFunc(merged, func(other Change) bool {
			return c.like(other) && c.Way != other.Way && other.Way != "" && slices.Equal(c.Accounts, other.Accounts)
		})
		if i < 0 {
			merged = append(merged, c)
			continue
		}
		merged[i].Way = ""
		merged[i].By = slices.Compact(slices.Sorted(slices.Values(slices.Concat(merged[i].By, c.By))))
	}
	return merged
}

// subject is a role, or the root user of an account, in two declarations.
type subject struct {
	who string
	// way is empty unless both declarations have the role by both ways.
	way string
	// was and is are the role; nil for the root user.
	was, is *identity
}

// subjects returns the roles of an account that two declarations have, and its root user.
func subjects(before, after *Documents, account string) (found []subject) {
	for _, who := range after.Everybody(account) {
		if who == Root {
			found = append(found, subject{who: who})
			continue
		}
		if after.IsPerson(who) {
			continue
		}
		was, is := before.rolesOf(account, who), after.rolesOf(account, who)
		for _, role := range is {
			s := subject{who: who, is: role}
			if i := slices.IndexFunc(was, func(other *identity) bool { return wayOf(other) == wayOf(role) }); i >= 0 {
				s.was = was[i]
			} else if len(was) > 0 {
				s.was = was[0]
			}
			if len(was) > 1 && len(is) > 1 {
				s.way = wayOf(role)
			}
			if s.was != nil {
				found = append(found, s)
			}
		}
	}
	return found
}

// bearing are the policies that bear on what a role or a root user does in its account.
type bearing struct {
	statements []policy.Statement
	// signature is the same for the same policies. The account's own id and name don't count.
	signature string
}

// bearing returns the policies that bear on a role, or on the root user if it is nil.
func (d *Documents) bearing(account string, role *identity) *bearing {
	var policies []authorization.Policy
	if role != nil {
		policies = slices.Concat(role.policies, pointed(role.boundary))
	}
	id := d.accounts[account]
	for _, level := range slices.Concat(d.control[id].service, d.control[id].resource) {
		policies = append(policies, level.Policies...)
	}
	b := &bearing{}
	for _, p := range policies {
		b.statements = append(b.statements, p.Document.Statements...)
	}
	b.signature = strings.NewReplacer(id, "{in}", "-"+account+"-", "-{in}-").Replace(textOf(b.statements))
	return b
}

// textOf returns statements as a text that is the same for the same statements.
func textOf(statements any) string {
	text, err := json.Marshal(statements)
	if err != nil {
		panic(fmt.Sprintf("statements are texts: %v", err))
	}
	return string(text)
}

// changed returns the statements that only one of two has.
func changed(was, is *bearing) []policy.Statement {
	only := func(of, other *bearing) (found []policy.Statement) {
		there := map[string]bool{}
		for _, s := range other.statements {
			there[textOf(s)] = true
		}
		for _, s := range of.statements {
			if !there[textOf(s)] {
				found = append(found, s)
			}
		}
		return found
	}
	return slices.Concat(only(was, is), only(is, was))
}

// compare asks both declarations about all that changed statements name.
func compare(before, after *Documents, account string, s subject, statements []policy.Statement) *Change {
	c := &Change{Who: s.who, Way: s.way, Accounts: []string{account}}
	by := map[string]bool{}
	for _, action := range actionsOf(statements) {
		asked, err := after.call(Question{Action: action, Account: account})
		if err != nil {
			continue // Only names that AWS doesn't have make an error.
		}
		for _, resource := range append([]string{""}, resourcesOf(statements, action)...) {
			if resource != "" {
				asked.resources = []string{resource}
			}
			was, is := before.outcome(s.was, asked), after.outcome(s.is, asked)
			switch opened := is.Allowed(); {
			case was.Allowed() == opened:
				continue
			case opened:
				c.Opens = append(c.Opens, action)
			default:
				c.Closes = append(c.Closes, action)
				by[why(after.telling(is))] = true
			}
			break
		}
	}
	c.By = slices.Sorted(maps.Keys(by))
	return c
}

// outcome decides a call of a role, or of the root user if it is nil.
func (d *Documents) outcome(role *identity, c call) authorization.Decision {
	if role == nil {
		return entrance{decide: (*Documents).asRoot}.decideAll(d, c)
	}
	return by(role, nil).decideAll(d, c)
}

// why says what keeps a call from being allowed.
func why(d authorization.Decision) string {
	if len(d.By) == 0 {
		return d.String()
	}
	var texts []string
	for _, s := range d.By {
		texts = append(texts, s.String())
	}
	return strings.Join(texts, ", and ")
}

// actionsOf returns the actions that changed statements name. Of a statement about all actions, or about all but some,
// it is one of each service, and what only one of two such statements leaves out.
func actionsOf(statements []policy.Statement) []string {
	named, leftOut := map[string]bool{}, map[string]int{}
	add := func(pattern string) {
		for _, action := range iamdata.Matching(pattern) {
			named[action] = true
		}
	}
	for _, s := range statements {
		if len(s.NotAction) > 0 || slices.Contains(s.Action, "*") {
			addOneOfEach(named)
		}
		for _, pattern := range s.Action {
			if pattern != "*" {
				add(pattern)
			}
		}
		for _, pattern := range s.NotAction {
			leftOut[pattern]++
		}
	}
	for pattern, times := range leftOut {
		if times == 1 {
			add(pattern)
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// addOneOfEach adds one action of each service.
func addOneOfEach(named map[string]bool) {
	last := ""
	for _, action := range iamdata.Matching("*") { // They are in order.
		if service, _, _ := strings.Cut(action, ":"); service != last {
			named[action], last = true, service
		}
	}
}

// resourcesOf returns the resources of statements that an action can be on.
func resourcesOf(statements []policy.Statement, action string) []string {
	named := map[string]bool{}
	for _, s := range statements {
		for _, pattern := range s.Resource {
			if arn := strings.ReplaceAll(pattern, "*", "any"); pattern != "*" && iamdata.On(action, arn) {
				named[arn] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// Actions returns actions in words: all of them if there are few, or how many of each service.
func Actions(actions []string) string {
	const few = 5
	if len(actions) <= few {
		return strings.Join(actions, ", ")
	}
	byService := map[string][]string{}
	for _, action := range actions {
		service, _, _ := strings.Cut(action, ":")
		byService[service] = append(byService[service], action)
	}
	if len(byService) > few {
		return fmt.Sprintf("%d actions of %d services, such as %s", len(actions), len(byService), actions[0])
	}
	var texts []string
	for _, service := range slices.Sorted(maps.Keys(byService)) {
		of := byService[service]
		if len(of) == 1 {
			texts = append(texts, of[0])
			continue
		}
		texts = append(texts, fmt.Sprintf("%d actions of %s, such as %s", len(of), service, of[0]))
	}
	return strings.Join(texts, ", ")
}
