package permissions

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/organization"
)

// Question asks whether somebody may do something in an account.
type Question struct {
	// Who is one of Root, Coldstart, Workflow, PullRequest, Almighty and Powerless, a user, a role of the account, a
	// service such as cloudtrail.amazonaws.com, the ARN of an identity provider, or the id of an account or the ARN of
	// a principal outside of the organization. A role's name may lack the namespace and the account; it then stands for the role of IAM and
	// for that of the permission set of IAM Identity Center. A user that is called as one of the others is user/<name>, and group/<name> is
	// whoever is in a group of Identity Center's.
	Who string
	// Action is <service>:<action>.
	Action string
	// Account is the name of the account in which it is done.
	Account string
	// Resource is an ARN; here and in Keys {prod} stands for the id of the account prod. Empty is for a
	// resource of the account that no policy names.
	Resource string
	// MFA is how long ago a person has shown the second factor; organization.NoMFA for one who has signed in without.
	MFA time.Duration
	// Region is where the call goes; empty for the organization's.
	Region string
	// Keys are further condition keys of the call.
	Keys map[string][]string
}

// Who asks in place of a name.
const (
	// Root is the root user of the account.
	Root = "root"
	// Workflow is a run of the declared repository that deploys, and PullRequest one that previews.
	Workflow    = "workflow"
	PullRequest = "pull-request"
	// Coldstart is the role by which coldstart's stack of the account enters it.
	Coldstart = "coldstart"
	// Almighty is a user of the account whose own policies allow everything, and Powerless one that has no policies.
	Almighty  = "almighty"
	Powerless = "powerless"
)

// reserved are words that a user's name doesn't take the meaning from, and inUsers is what a user's name has before it
// where it is one of them. No name of a user has a slash.
var reserved = []string{Root, Workflow, PullRequest, Coldstart, Almighty, Powerless}

const inUsers = "user/"

// inGroups is what the name of a group of IAM Identity Center's has before it.
const inGroups = "group/"

// Answer is what AWS would say to a question.
type Answer struct {
	Who     string `json:"who"`
	Action  string `json:"action"`
	Account string `json:"account"`
	// Resources are the ARNs that the answer is for. All of them have to be allowed.
	Resources []string `json:"resources"`
	// Outcome is the best that a way leads to.
	Outcome authorization.Outcome `json:"outcome"`
	// Ways are how whoever asks comes to make the call. No ways means that nothing in the account lets them
	// in.
	Ways []Way `json:"ways"`
}

// Way is one way to make a call.
type Way struct {
	// As is who makes the call: a user, a role, the role of a permission set, a root user or a service.
	As string `json:"as"`
	// Through is whom the permission set is assigned to by which a person comes in; empty for another way.
	Through string `json:"through,omitempty"`
	// Enter is whether the role may be assumed; nil where none has to be.
	Enter *authorization.Decision `json:"enter,omitempty"`
	// Decision is what AWS says to the call; nil if the role can't be assumed.
	Decision *authorization.Decision `json:"decision,omitempty"`
}

// Outcome is what the way leads to.
func (w Way) Outcome() authorization.Outcome {
	switch {
	case w.Decision == nil:
		return w.Enter.Outcome
	case w.Decision.Allowed() && w.Enter != nil:
		return w.Enter.Outcome // It is allowed, or can't be told.
	}
	return w.Decision.Outcome
}

// best are the outcomes, from the one that counts if any way has it to the one that counts if all have it. Of
// several resources that one call is on, the order is the other way round.
var best = []authorization.Outcome{authorization.Allowed, authorization.CantTell, authorization.DeniedExplicitly, authorization.DeniedImplicitly}

// Ask answers a question. The error says what of the question isn't known, and what there is.
func (d *Documents) Ask(q Question) (*Answer, error) {
	call, entrances, err := d.read(q)
	if err != nil {
		return nil, err
	}
	a := &Answer{Who: q.Who, Action: call.action, Account: q.Account, Resources: slices.Clone(call.resources), Ways: []Way{}, Outcome: authorization.DeniedImplicitly}
	for i, arn := range a.Resources {
		a.Resources[i] = d.shown(arn)
	}
	for _, e := range entrances {
		a.Ways = append(a.Ways, e.way(d, call))
	}
	for _, outcome := range best {
		if slices.ContainsFunc(a.Ways, func(w Way) bool { return w.Outcome() == outcome }) {
			a.Outcome = outcome
			break
		}
	}
	return a, nil
}

// read checks a question. It returns the call that the question is about, and how whoever it is about comes to make it.
func (d *Documents) read(q Question) (call, []entrance, error) {
	if _, declared := d.accounts[q.Account]; !declared {
		return call{}, nil, fmt.Errorf("there is no account %q: the accounts are %s", q.Account, strings.Join(slices.Sorted(maps.Keys(d.accounts)), ", "))
	}
	c, err := d.call(q)
	entrances, noEntrance := d.entrances(q, c)
	return c, entrances, errors.Join(err, noEntrance)
}

// Why says in a line what the outcome rests on; empty if nothing lets whoever asks in.
func (a *Answer) Why() string { return a.why(a.Outcome) }

func (a *Answer) why(outcome authorization.Outcome) string {
	for _, w := range a.Ways {
		if w.Outcome() != outcome {
			continue
		}
		decision := w.Decision
		if decision == nil || decision.Allowed() && w.Enter != nil && !w.Enter.Allowed() {
			decision = w.Enter
		}
		return "as " + w.As + ", " + decision.String()
	}
	return ""
}

// OfAll returns the worst outcome of the roles that a role's name stands for, that of IAM and that of a permission set, and what it rests on.
// For a person, who comes in by the best way, and for everybody else it is the answer's own outcome.
func (a *Answer) OfAll() (outcome authorization.Outcome, why string) {
	if slices.ContainsFunc(a.Ways, func(w Way) bool { return w.Enter != nil }) {
		return a.Outcome, a.Why()
	}
	outcome = a.Outcome
	for _, w := range a.Ways {
		if slices.Index(best, w.Outcome()) > slices.Index(best, outcome) {
			outcome = w.Outcome()
		}
	}
	return outcome, a.why(outcome)
}

// AskAll answers a question for everybody in the organization: users, the account's roles, its root user, and
// the runs of the declared repository. The question's Who doesn't count.
func (d *Documents) AskAll(q Question) ([]Answer, error) {
	var answers []Answer
	for _, who := range d.Everybody(q.Account) {
		q.Who = who
		a, err := d.Ask(q)
		if err != nil {
			return nil, err
		}
		answers = append(answers, *a)
	}
	return answers, nil
}

// call is what a question is about, in AWS's terms.
type call struct {
	action string
	// resources are ARNs, each of which AWS decides about.
	resources []string
	// account is the id of the account in which the call is made.
	account, region string
	mfa             time.Duration
	keys            map[string][]string
}

// call checks what a question about a declared account is about.
func (d *Documents) call(q Question) (call, error) {
	c := call{action: q.Action, account: d.accounts[q.Account], region: cmp.Or(q.Region, d.org.Region), mfa: q.MFA, keys: map[string][]string{}}
	for key, values := range q.Keys {
		c.keys[key] = nil
		for _, value := range values {
			c.keys[key] = append(c.keys[key], d.spelled(value))
		}
	}
	found, known := find(q.Action)
	service, name, _ := strings.Cut(q.Action, ":")
	switch {
	case !iamdata.IsAction(q.Action):
		return c, fmt.Errorf("%q is no action: write <service>:<action>, such as s3:GetObject", q.Action)
	case known:
		c.action = found.Name
	case iamdata.Known(service):
		return c, fmt.Errorf("AWS has no action %s: did you mean %s?", q.Action, closest(name, iamdata.Matching(service+":*")))
	}
	if q.Resource == "" {
		c.resources = d.typical(c)
	} else {
		arn := d.spelled(q.Resource)
		if key, isAlias := d.aliases[arn]; isAlias && !iamdata.On(c.action, arn) {
			arn = key
		}
		if known && !iamdata.On(c.action, arn) {
			return c, fmt.Errorf("%s isn't on %s: AWS decides about it on %s", c.action, q.Resource, d.shown(strings.Join(d.typical(c), ", ")))
		}
		c.resources = []string{arn}
	}
	return c, nil
}

// foundActions are actions that were looked for: putting one together takes longer than deciding a request.
var foundActions sync.Map

// find is iamdata.Find, for who doesn't change what it returns.
func find(name string) (action iamdata.Action, known bool) {
	if a, found := foundActions.Load(name); found {
		return a.(iamdata.Action), true //nolint:forcetypeassert // Only Actions are stored.
	}
	if action, known = iamdata.Find(name); known {
		foundActions.Store(name, action)
	}
	return action, known
}

// closest returns the action whose name is most like a wrong one.
func closest(name string, actions []string) string {
	return slices.MinFunc(actions, func(a, b string) int {
		distance := func(action string) int {
			_, theirs, _ := strings.Cut(action, ":")
			return levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(theirs))
		}
		return distance(a) - distance(b)
	})
}

// ownerOf returns the id of the account that owns a resource: as the documents or the ARN say, or else the
// account in which the call is made.
func (d *Documents) ownerOf(resource string, c call) string {
	if owner, known := d.owners[whole(resource)]; known {
		return owner
	}
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && parts[4] != "" {
		return parts[4]
	}
	return c.account
}

// inBraces matches the name of an account in braces.
var inBraces = regexp.MustCompile(`\{([a-z0-9-]+)\}`)

// spelled returns a text with the ids of accounts in place of their names in braces.
func (d *Documents) spelled(text string) string {
	return inBraces.ReplaceAllStringFunc(text, func(name string) string {
		return cmp.Or(d.accounts[strings.Trim(name, "{}")], name)
	})
}

// shown returns a text with the names of accounts in braces in place of their ids, which are made up.
func (d *Documents) shown(text string) string { return d.names.Replace(text) }

// whole returns the ARN of the bucket that an object is in, and any other ARN as it is.
func whole(arn string) string {
	if name, isS3 := strings.CutPrefix(arn, "arn:aws:s3:::"); isS3 {
		bucket, _, _ := strings.Cut(name, "/")
		return "arn:aws:s3:::" + bucket
	}
	return arn
}

// variable matches a variable in the pattern of an ARN.
var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// typical returns the ARNs of resources of the account that no policy names: one of each type that the action
// needs, or of the type with the simplest ARN if it needs none; * for an action that is on no resource.
func (d *Documents) typical(c call) []string {
	action, _ := find(c.action)
	service, _, _ := strings.Cut(action.Name, ":")
	var needed, all []string
	for _, on := range action.Resources {
		typ, found := iamdata.Resource(service, on.Type)
		if !found {
			continue
		}
		arn := variable.ReplaceAllStringFunc(typ.ARN, func(v string) string {
			switch v {
			case "${Partition}":
				return "aws"
			case "${Region}":
				return c.region
			case "${Account}":
				return c.account
			}
			return "any-" + strings.ToLower(variable.FindStringSubmatch(v)[1])
		})
		all = append(all, arn)
		if on.Required {
			needed = append(needed, arn)
		}
	}
	switch {
	case len(needed) > 0:
		return needed
	case len(all) > 0:
		return []string{slices.MinFunc(all, func(a, b string) int { return len(a) - len(b) })}
	}
	return []string{"*"}
}

// rolesOf returns the roles of an account that a name stands for: one of IAM, and one that IAM Identity Center has made of a permission set.
func (d *Documents) rolesOf(account, name string) (found []*identity) {
	if name == Coldstart {
		name = d.org.AccessRoleOf(account)
	}
	for _, full := range []string{name, d.org.Name(account, name)} {
		if role := d.find(d.accounts[account], "role", full); role != nil {
			found = append(found, role)
			break
		}
	}
	for _, role := range d.roles[d.accounts[account]] {
		if role.set != "" && (role.set == name || d.shortName(account, role) == name) && !slices.Contains(found, role) {
			found = append(found, role)
		}
	}
	return found
}

// Everybody are the users of the organization, and who works in an account: all that organization.Anybody stands for. Of an external directory
// they are its groups in place of its users.
func (d *Documents) Everybody(account string) []string {
	var people, roles []string
	for _, name := range d.people() {
		if slices.Contains(reserved, name) {
			name = inUsers + name
		}
		people = append(people, name)
	}
	for _, role := range d.roles[d.accounts[account]] {
		if role.name == d.org.AccessRoleOf(account) {
			roles = append(roles, Coldstart)
			continue
		}
		roles = append(roles, d.shortName(account, role))
	}
	slices.Sort(people)
	slices.Sort(roles)
	all := slices.Concat(people, d.directoryGroups(), slices.Compact(roles), []string{Root})
	if d.org.Access.GitHub.Repository != "" {
		all = append(all, Workflow, PullRequest)
	}
	return all
}

// workflowSubjects are the subjects of the tokens that runs of the declared repository get.
func workflowSubjects(g organization.GitHub, who string) []string {
	if who == PullRequest { // The other subject that may plan is the branch's, which deploys.
		return g.PlanSubjects()[:1]
	}
	return g.ApplySubjects()
}
