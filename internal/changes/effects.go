package changes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/effects"
	"github.com/coldstart-aws/coldstart/organization"
)

// Effect is what one kind of change means, with the resources that change.
type Effect struct {
	Says     string
	Subjects []Subject
}

// Subject is a resource that an effect is about.
type Subject struct {
	Stack string
	// Resource is the resource's type and name, such as "iam.User ada", or an account's name.
	Resource string
	// Detail is the resource's id, an account's address or place, or another text that identifies
	// it; may be empty.
	Detail string
}

// String returns "iam.User ada (acme-ada)".
func (s Subject) String() string {
	if s.Detail == "" {
		return s.Resource
	}
	return s.Resource + " (" + s.Detail + ")"
}

// OfStack has those subjects of an effect that are in one stack.
type OfStack struct {
	Stack string
	Names []string
}

// ByStack returns the subjects grouped by stack, at most the given number of subjects.
func (e Effect) ByStack(most int) []OfStack {
	var all []OfStack
	for _, s := range e.Subjects[:min(most, len(e.Subjects))] {
		if len(all) == 0 || all[len(all)-1].Stack != s.Stack {
			all = append(all, OfStack{Stack: s.Stack})
		}
		last := &all[len(all)-1]
		last.Names = append(last.Names, s.String())
	}
	return all
}

// Compared has the declaration of a result, and the declaration before it; Base is nil if it isn't
// known.
type Compared struct{ Declared, Base *organization.Organization }

// Effects returns the meanings of all steps whose weight is the given one, grouped by kind, the
// gravest first.
func Effects(result *automation.Result, weight automation.Weight, c Compared) []Effect {
	var all []Effect
	for i := range result.Stacks {
		stack := &result.Stacks[i]
		sorted := *stack
		sorted.Steps = Steps(stack)
		for _, e := range sorted.Effects() {
			if e.Weight == weight {
				all = add(all, e.Says, c.subject(stack.Stack, e.Step))
			}
		}
	}
	order := func(e Effect) int { return effects.Order(effects.Effect{Weight: effects.Weight(weight), Says: e.Says}) }
	slices.SortStableFunc(all, func(a, b Effect) int { return order(a) - order(b) })
	if weight == automation.EffectNotable {
		all = append(all, grants(result)...)
	}
	return all
}

func add(all []Effect, says string, s Subject) []Effect {
	i := slices.IndexFunc(all, func(e Effect) bool { return e.Says == says })
	if i < 0 {
		return append(all, Effect{Says: says, Subjects: []Subject{s}})
	}
	all[i].Subjects = append(all[i].Subjects, s)
	return all
}

// subject names what a step is about.
func (c Compared) subject(stack string, step automation.Step) Subject {
	s := Subject{Stack: stack, Resource: Type(step.Type) + " " + step.Name, Detail: step.ID}
	switch {
	case step.Type == awstype.OrganizationsAccount:
		s.Resource, s.Detail = step.Name, c.account(step)
	case step.Type == awstype.OrganizationsOrganizationalUnit && step.Operation == "update":
		if d, ok := differing(step, "name"); ok {
			s.Detail = fmt.Sprintf("%v → %v", d.Old, d.New)
		}
	case step.Type == awstype.OrganizationsOrganization && step.Operation == "update":
		s.Detail = strings.Join(lostItems(step), ", ")
	case strings.HasPrefix(step.Type, "aws:organizations/policy"):
		s.Resource, s.Detail = step.Name, ""
	case c.Declared == nil:
	case step.Type == awstype.Route53Record && step.Name == "delegation":
		s.Detail = c.Declared.ZoneName(stack)
	case step.Type == awstype.IAMRole && strings.HasSuffix(step.ID, "-delegation"):
		s.Detail = c.Declared.ZoneName(step.Name)
	}
	return s
}

// account returns the address of a new account, the old and new place of one that moves, and the id
// of any other.
func (c Compared) account(step automation.Step) string {
	_, moves := differing(step, "parentId")
	email, known := differing(step, "email")
	switch {
	case step.Operation == "update" && moves:
		return c.move(step.Name)
	case (step.Operation == "create" || step.Operation == "import") && known:
		return fmt.Sprint(email.New)
	case step.ID == "" && c.Declared != nil:
		return c.Declared.AccountEmail(step.Name)
	}
	return step.ID
}

// move returns the old and the new place of an account.
func (c Compared) move(name string) string {
	if c.Declared == nil {
		return ""
	}
	to := "to " + unit(c.Declared.Accounts[name].Unit)
	if c.Base == nil {
		return to
	}
	return "from " + unit(c.Base.Accounts[name].Unit) + " " + to
}

func unit(name string) string {
	if name == "" {
		return "the root"
	}
	return "unit " + name
}

// lostItems returns the items that leave a resource's lists.
func lostItems(step automation.Step) []string {
	var lost []string
	for _, d := range step.Diff {
		if text, ok := d.Old.(string); ok {
			lost = append(lost, text)
		}
	}
	return lost
}

// differing returns the property at a path, if the property differs.
func differing(step automation.Step, path string) (automation.PropertyDiff, bool) {
	i := slices.IndexFunc(step.Diff, func(d automation.PropertyDiff) bool { return d.Path == path })
	if i < 0 {
		return automation.PropertyDiff{}, false
	}
	return step.Diff[i], true
}

// grantingProperties are the types of resources that grant access, with the properties that do so.
var grantingProperties = map[string][]string{
	awstype.IAMRole:                    {"assumeRolePolicy", "permissionsBoundary", "maxSessionDuration"},
	awstype.IAMRolePolicy:              {"policy"},
	awstype.IAMPolicy:                  {"policy"},
	awstype.IAMGroupPolicy:             {"policy"},
	awstype.IAMRolePolicyAttachment:    {"policyArn", "role"},
	awstype.IAMGroupPolicyAttachment:   {"policyArn", "group"},
	awstype.IAMUserPolicyAttachment:    {"policyArn", "user"},
	awstype.IAMUserGroupMembership:     {"groups"},
	awstype.IAMOpenIDConnectProvider:   {"url", "clientIdLists"},
	awstype.S3BucketPolicy:             {"policy"},
	awstype.S3BucketPublicAccessBlock:  {"block", "ignore", "restrict"},
	awstype.S3AccountPublicAccessBlock: {"block", "ignore", "restrict"},
	awstype.KMSKey:                     {"policy"},
}

// grants returns the policies, trust policies and groups that change. In a stack that existed
// before, it also returns the new ones.
func grants(result *automation.Result) []Effect {
	var all []Effect
	for i := range result.Stacks {
		s := &result.Stacks[i]
		for _, step := range Steps(s) {
			if grant(step, s.Changes["same"] > 0) {
				all = add(all, "Policies, trusts or groups change.", Subject{Stack: s.Stack, Resource: Symbol(step.Operation) + " " + Type(step.Type) + " " + step.Name})
			}
		}
	}
	return all
}

// grant reports whether a step changes who may do what. existed says whether the stack existed
// before.
func grant(step automation.Step, existed bool) bool {
	properties, ok := grantingProperties[step.Type]
	switch {
	case !ok:
		return false
	case step.Operation == "create":
		return existed
	case step.Operation == "update" || step.Operation == "replace":
		return slices.ContainsFunc(step.Diff, func(d automation.PropertyDiff) bool {
			return slices.ContainsFunc(properties, func(granted string) bool { return strings.HasPrefix(d.Path, granted) })
		})
	}
	return false
}
