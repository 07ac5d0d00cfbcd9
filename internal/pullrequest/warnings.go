package pullrequest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/changes"
)

// warning is something that a reviewer mustn't overlook.
type warning struct {
	// final says that it can't be undone.
	final bool
	text  string
}

// maxWarnings is how many are shown of a kind.
const maxWarnings = 40

// bullets returns warnings as two of GitHub's alerts: first what can't be undone.
func bullets(warnings []warning) string {
	var b strings.Builder
	for _, kind := range []struct {
		alert, title string
		final        bool
	}{{"CAUTION", "**This can't be undone:**", true}, {"WARNING", "**Look at this:**", false}} {
		var texts []string
		for _, w := range warnings {
			if w.final == kind.final {
				texts = append(texts, "> - "+w.text)
			}
		}
		if len(texts) == 0 {
			continue
		}
		if left := len(texts) - maxWarnings; left > 0 {
			texts = append(texts[:maxWarnings], fmt.Sprintf("> - and %d more", left))
		}
		fmt.Fprintf(&b, "> [!%s]\n> %s\n%s\n\n", kind.alert, kind.title, strings.Join(texts, "\n"))
	}
	return b.String()
}

// warnings returns what is in the preview that a reviewer mustn't overlook.
func (p *Preview) warnings() []warning {
	var all []warning
	for i := range p.Result.Stacks {
		s := &p.Result.Stacks[i]
		steps := changes.Steps(s)
		for _, step := range steps {
			all = append(all, p.ofStep(s.Stack, step)...)
		}
		all = append(all, grants(s, steps)...)
	}
	if p.Base != nil {
		for _, name := range p.Base.AccountNames() {
			if _, ok := p.Declared.Accounts[name]; !ok {
				all = append(all, warning{text: fmt.Sprintf("Stack %s isn't run any more. What it made stays, with nobody looking after it, unless it was destroyed before: %s.",
					code(name), code("coldstart destroy "+name+" --unprotect"))})
			}
		}
	}
	for _, text := range p.Result.Warnings {
		all = append(all, warning{text: code(text)})
	}
	return all
}

// ofStep returns what is to say of one step.
func (p *Preview) ofStep(stack string, step automation.Step) []warning {
	name := code(step.Name)
	lost := step.Operation == "delete" || step.Operation == "replace"
	switch {
	case step.Type == "aws:organizations/account:Account":
		return p.ofAccount(step)
	case lost && step.Protected:
		return []warning{{true, fmt.Sprintf("%s is protected and would be lost (%s): %s refuses that.", resource(stack, step), step.Operation, code("coldstart up"))}}
	case lost && dataTypes[step.Type] != "":
		return []warning{{true, fmt.Sprintf("%s would be lost (%s), and with it %s.", resource(stack, step), step.Operation, dataTypes[step.Type])}}
	case lost && step.Type == "aws:route53/record:Record" && step.Name == "delegation":
		return []warning{{text: fmt.Sprintf("The delegation of zone %s is removed: names in it are no longer found.", code(p.Declared.ZoneName(stack)))}}
	case lost && step.Type == "aws:iam/role:Role" && strings.HasSuffix(step.ID, "-delegation"):
		return []warning{{text: fmt.Sprintf("The delegation of zone %s goes: account %s can no longer change its NS records (%s).", code(p.Declared.ZoneName(step.Name)), name, resource(stack, step))}}
	case lost && step.Type == "aws:organizations/delegatedAdministrator:DelegatedAdministrator":
		return []warning{{text: fmt.Sprintf("The delegation of a service is removed: %s.", resource(stack, step))}}
	case step.Operation == stays:
		return []warning{{text: fmt.Sprintf("%s **stays in AWS**, and nobody looks after it any more.", resource(stack, step))}}
	case step.Operation == "delete" && step.Type == "aws:organizations/policy:Policy":
		return []warning{{text: fmt.Sprintf("Guardrail %s is deleted: nothing is denied by it any more.", name)}}
	case step.Operation == "delete" && step.Type == "aws:organizations/policyAttachment:PolicyAttachment":
		return []warning{{text: fmt.Sprintf("Guardrail detached (%s): what it denied there is allowed.", name)}}
	case step.Operation == "update" && step.Type == "aws:organizations/policy:Policy" && mayLoosen(step):
		return []warning{{text: fmt.Sprintf("Guardrail %s changes: it may allow what it denied until now.", name)}}
	default:
		return nil
	}
}

// ofAccount returns what is to say of a step of a member account.
func (p *Preview) ofAccount(step automation.Step) []warning {
	name := code(step.Name)
	switch step.Operation {
	case "create":
		return []warning{{true, fmt.Sprintf("Account %s will be created with the address %s. An account can't be deleted, and the address can't be used again.", name, code(p.Declared.AccountEmail(step.Name)))}}
	case "import":
		return []warning{{text: fmt.Sprintf("Account %s (%s) exists and will be adopted.", name, code(p.Declared.AccountEmail(step.Name)))}}
	case "replace":
		return []warning{{true, fmt.Sprintf("Account %s would be replaced by a new one: look for what was renamed.", name)}}
	case "delete", stays:
		return []warning{p.leaving(step)}
	case "update":
		return p.changed(step)
	default:
		return nil
	}
}

// leaving says what becomes of an account that is taken out.
func (p *Preview) leaving(step automation.Step) warning {
	account := code(step.Name)
	if step.ID != "" {
		account += " (" + code(step.ID) + ")"
	}
	if p.Base != nil && p.Base.Accounts[step.Name].CloseOnDelete {
		return warning{true, fmt.Sprintf("Account %s will be **closed**: its resources are gone for good after 90 days, and its address stays taken.", account)}
	}
	if p.Base != nil && p.Base.Accounts[step.Name].KeepOnDelete {
		return warning{text: fmt.Sprintf("Account %s **leaves coldstart**: it stays open, in the organization, without its guardrails, access and delegation being looked after.", account)}
	}
	return warning{true, fmt.Sprintf("Account %s is taken out: it is closed if it says %s, and else stays without coldstart.", account, code("closeOnDelete"))}
}

// changed says what changes about an account that stays.
func (p *Preview) changed(step automation.Step) []warning {
	var all []warning
	for _, d := range step.Diff {
		switch d.Path {
		case "parentId":
			from, to := "", unit(p.Declared.Accounts[step.Name].Unit)
			if p.Base != nil {
				from = "from " + unit(p.Base.Accounts[step.Name].Unit) + " "
			}
			all = append(all, warning{text: fmt.Sprintf("Account %s **moves** %sto %s: other guardrails hold there.", code(step.Name), from, to)})
		case "closeOnDeletion":
			if d.New == true {
				all = append(all, warning{text: fmt.Sprintf("Account %s will be closed when it is taken out of the file.", code(step.Name))})
			}
		}
	}
	return all
}

func unit(name string) string {
	if name == "" {
		return "the organization's root"
	}
	return "unit " + code(name)
}

func resource(stack string, step automation.Step) string {
	return fmt.Sprintf("%s of stack %s", code(changes.Type(step.Type)+" "+step.Name), code(stack))
}

// dataTypes are what holds what can't be made again, and what that is.
var dataTypes = map[string]string{
	"aws:s3/bucketV2:BucketV2":   "what is in it",
	"aws:s3/bucket:Bucket":       "what is in it",
	"aws:kms/key:Key":            "all that it encrypted",
	"aws:route53/zone:Zone":      "its name servers and records",
	"aws:cloudtrail/trail:Trail": "the record of what happens",
}

// mayLoosen reports whether a guardrail changes other than by more statements,
// each of which denies something.
func mayLoosen(step automation.Step) bool {
	return slices.ContainsFunc(step.Diff, func(d automation.PropertyDiff) bool {
		statement := strings.HasPrefix(d.Path, "content.Statement[") && strings.HasSuffix(d.Path, "]") && strings.Count(d.Path, "[") == 1
		return strings.HasPrefix(d.Path, "content") && (!statement || d.Kind != automation.DiffAdd)
	})
}

// granting are the types that say who may do what, and the properties that do.
var granting = map[string][]string{
	"aws:iam/role:Role":                                        {"assumeRolePolicy", "permissionsBoundary", "maxSessionDuration"},
	"aws:iam/rolePolicy:RolePolicy":                            {"policy"},
	"aws:iam/policy:Policy":                                    {"policy"},
	"aws:iam/groupPolicy:GroupPolicy":                          {"policy"},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment":        {"policyArn", "role"},
	"aws:iam/groupPolicyAttachment:GroupPolicyAttachment":      {"policyArn", "group"},
	"aws:iam/userPolicyAttachment:UserPolicyAttachment":        {"policyArn", "user"},
	"aws:iam/userGroupMembership:UserGroupMembership":          {"groups"},
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider":      {"url", "clientIdLists"},
	"aws:s3/bucketPolicy:BucketPolicy":                         {"policy"},
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":   {"block", "ignore", "restrict"},
	"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": {"block", "ignore", "restrict"},
	"aws:kms/key:Key":                                          {"policy"},
}

// grants names the policies, trusts and groups of a stack that change or, in a
// stack that was there before, are new.
func grants(s *automation.StackResult, steps []automation.Step) []warning {
	var names []string
	for _, step := range steps {
		properties, ok := granting[step.Type]
		switch {
		case !ok:
			continue
		case step.Operation == "create" && s.Changes["same"] > 0:
		case step.Operation == "update" || step.Operation == "replace":
			if !slices.ContainsFunc(step.Diff, func(d automation.PropertyDiff) bool {
				return slices.ContainsFunc(properties, func(property string) bool { return strings.HasPrefix(d.Path, property) })
			}) {
				continue
			}
		default:
			continue
		}
		names = append(names, code(changes.Symbol(step.Operation)+" "+changes.Type(step.Type)+" "+step.Name))
	}
	if len(names) == 0 {
		return nil
	}
	more := ""
	if left := len(names) - maxWarnings; left > 0 {
		names, more = names[:maxWarnings], fmt.Sprintf(" and %d more", left)
	}
	return []warning{{text: fmt.Sprintf("Policies, trusts or groups change in stack %s: %s%s.", code(s.Stack), strings.Join(names, ", "), more)}}
}
