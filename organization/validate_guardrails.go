package organization

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/policy"
)

// The types of policies that guardrails are.
const (
	ServiceControlPolicy  = "SERVICE_CONTROL_POLICY"
	ResourceControlPolicy = "RESOURCE_CONTROL_POLICY"
)

// GuardrailKind is a type of policies that guardrails are of.
type GuardrailKind struct {
	// Name is what AWS's guide calls such a policy.
	Name string
	// Everything is AWS's own policy, which allows everything. AWS attaches it to the root, every unit and every account. It is
	// empty if AWS has none.
	Everything string
	// Size is how many characters AWS lets a policy have, and Attached how many policies it attaches to a target,
	// Everything among them.
	Size, Attached int
}

// own returns how many policies AWS attaches to a target besides Everything.
func (t GuardrailKind) own() int {
	if t.Everything == "" {
		return t.Attached
	}
	return t.Attached - 1
}

// Plural returns what AWS's guide calls several such policies.
func (t GuardrailKind) Plural() string { return strings.Replace(t.Name, "policy", "policies", 1) }

// GuardrailKinds are the types of policies that guardrails are of.
var GuardrailKinds = map[string]GuardrailKind{
	ServiceControlPolicy:  kindOf(ServiceControlPolicy, "service control policy", "FullAWSAccess"),
	ResourceControlPolicy: kindOf(ResourceControlPolicy, "resource control policy", "RCPFullAWSAccess"),
	DeclarativePolicyEC2:  kindOf(DeclarativePolicyEC2, "declarative policy for EC2", ""),
}

func kindOf(policyType, name, everything string) GuardrailKind {
	return GuardrailKind{Name: name, Everything: everything, Size: published.PolicySize[policyType].Most, Attached: published.PoliciesPerTarget[policyType].Most}
}

// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
const maxPolicyName = 128

var (
	statementID   = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionPattern = regexp.MustCompile(`^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$`)
)

func (o *Organization) checkGuardrails(ps *Problems) {
	const key = prefix + "guardrails"
	for _, name := range slices.Sorted(maps.Keys(o.Guardrails.Policies)) {
		at := key + ".policies." + name
		_, control := guardrailLibrary[name]
		_, declarative := declarativeLibrary[name]
		switch {
		case control || declarative:
			ps.Add(at, "choose another name", "%q is the name of a guardrail of coldstart's own", name)
		case !shortName.MatchString(name) || len(o.Namespace+"-"+name) > maxPolicyName && o.namespaced():
			ps.Add(at, "write a short name of lower-case letters, digits and single inner hyphens", "%q is not a guardrail's name", name)
		}
		if len(o.Guardrails.Policies[name]) == 0 {
			ps.Add(at, "write it as [{Effect: Deny, Action: …, Resource: …}, …]", "has no statement")
		}
		own := o.Guardrails.Policies[name]
		kind := typeOf(own)
		checkStatements(ps, at, own, GuardrailKinds[kind].Size)
		if kind == ResourceControlPolicy {
			checkResourceControl(ps, at, own)
		} else {
			checkNoPrincipals(ps, at, own, `leave NotPrincipal out, or write Principal: "*", which makes the guardrail a resource control policy`)
		}
	}
	o.checkAllowedRegions(ps, key+".regions")
	o.checkParameters(ps, key)
	o.checkAttached(ps, key+".root", o.RootGuardrails())
	for _, unit := range slices.Sorted(maps.Keys(o.Units)) {
		o.checkAttached(ps, prefix+"units."+unit+".guardrails", o.UnitGuardrails(unit))
	}
	for _, account := range o.AccountNames() {
		o.checkAttached(ps, prefix+"accounts."+account+".guardrails", o.Accounts[account].Guardrails)
	}
	// An unknown type may be the one that is missing.
	known := !slices.ContainsFunc(o.Settings.PolicyTypes, func(t string) bool { return !slices.Contains(PolicyTypes, t) })
	for _, kind := range o.GuardrailTypes() {
		switch {
		case !known || slices.Contains(o.Settings.PolicyTypes, kind):
		case kind == ServiceControlPolicy:
			ps.Add(prefix+"organization.policyTypes", fmt.Sprintf("add it, or write %s: {defaults: false}", key), "lacks %s, which guardrails are", kind)
		default:
			of := slices.DeleteFunc(o.GuardrailNames(), func(name string) bool { return o.GuardrailType(name) != kind })
			all := slices.Sorted(slices.Values(slices.Concat(o.Settings.PolicyTypes, o.GuardrailTypes())))
			remedy := fmt.Sprintf("write policyTypes: [%s] under %sorganization", strings.Join(slices.Compact(all), ", "), prefix)
			ps.Add(prefix+"organization.policyTypes", remedy, "lacks %s, which the guardrail %s is", kind, strings.Join(of, ", "))
		}
	}
}

func (o *Organization) checkAllowedRegions(ps *Problems, key string) {
	known := slices.Concat(regions, optInRegions)
	unknown := false
	for _, region := range o.Guardrails.Regions {
		if !slices.Contains(known, region) {
			remedy := "write names of AWS's commercial regions, such as us-west-2"
			if near, ok := nearest(region, known); ok {
				remedy = "did you mean " + near + "?"
			}
			ps.Add(key, remedy, "%q is not a region of AWS's commercial partition", region)
			unknown = true
		}
	}
	// An unknown one may be the organization's own.
	if !unknown && o.Guardrails.Regions != nil && slices.Contains(regions, o.Region) && !slices.Contains(o.Guardrails.Regions, o.Region) {
		ps.Add(key, "add "+o.Region, "lacks the organization's own region")
	}
}

// instanceType matches an instance type of EC2's with wildcards: t3.micro, t3.*, *.metal.
var instanceType = regexp.MustCompile(`^[a-z0-9*?-]+\.[a-z0-9*?-]+$`)

// checkParameters checks what guardrails of the library are built from, besides regions.
func (o *Organization) checkParameters(ps *Problems, key string) {
	for _, t := range o.Guardrails.InstanceTypes {
		if !instanceType.MatchString(t) {
			ps.Add(key+".instanceTypes", `write <family>.<size>, such as t3.micro or "t3.*"`, "%q is no instance type", t)
		}
	}
	for _, n := range o.Guardrails.Networks {
		if p, err := netip.ParsePrefix(n); err != nil || p != p.Masked() {
			ps.Add(key+".networks", "write a network in CIDR notation, such as 203.0.113.0/24", "%q is not a network", n)
		}
	}
	for _, id := range o.Guardrails.Partners {
		if !accountID.MatchString(id) {
			ps.Add(key+".partners", "write the 12 digits of an account's id, in quotes", "%q is not an account's id", id)
		}
	}
	for _, tag := range o.Guardrails.Tags {
		if tag == "" || len([]rune(tag)) > maxTagKey || !tagText.MatchString(tag) {
			ps.Add(key+".tags", "write 1 to 128 letters, digits, spaces and _.:/=+-@", "%q is not a tag's name", tag)
		}
	}
	if users := o.Access.Account; len(o.IAMUsers()) > 0 && users != Master {
		for _, a := range o.guarding(users) {
			if a.Guardrail == DenyIAMUsers {
				ps.Add(attachmentKey(a), "attach it elsewhere, or move the users to another account (access.account)", "%q keeps the users in account %s from managing their access keys", DenyIAMUsers, users)
			}
		}
	}
}

// guarding returns what restricts an account: attached to the root, to a unit around it, or to itself.
func (o *Organization) guarding(account string) []Attachment {
	around := map[string]bool{}
	for unit := o.Accounts[account].Unit; unit != "" && !around[unit]; unit = o.Units[unit].Parent {
		around[unit] = true
	}
	return slices.DeleteFunc(o.Attachments(), func(a Attachment) bool {
		bears := a.Account == account || a.Account == "" && (a.Unit == "" || around[a.Unit])
		return !bears
	})
}

// checkAttached checks what is attached to one target.
func (o *Organization) checkAttached(ps *Problems, key string, names []string) {
	for i, name := range names {
		content, ok := o.GuardrailContent(name)
		_, own := o.Guardrails.Policies[name]
		switch {
		case !ok:
			remedy := "the guardrails are " + strings.Join(o.GuardrailChoices(), ", ")
			if near, ok := nearest(name, o.GuardrailChoices()); ok {
				remedy = "did you mean " + near + "?"
			}
			ps.Add(key, remedy, "unknown guardrail %q", name)
		case slices.Contains(names[:i], name):
			ps.Add(key, "keep one of them", "%q stands there twice", name)
		case name == AllowedRegions && len(o.Guardrails.Regions) == 0:
			ps.Add(key, "write "+prefix+"guardrails: {regions: [us-west-2, …]}", "%q has no regions to allow", name)
		case name == AllowedInstanceTypes && len(o.Guardrails.InstanceTypes) == 0:
			ps.Add(key, "write "+prefix+`guardrails: {instanceTypes: ["t3.*", …]}`, "%q has no types to allow", name)
		case name == AllowedNetworks && len(o.Guardrails.Networks) == 0:
			ps.Add(key, "write "+prefix+"guardrails: {networks: [203.0.113.0/24, …]}", "%q has no networks to allow", name)
		case name == RequireTags && len(o.Guardrails.Tags) == 0:
			ps.Add(key, "write "+prefix+"guardrails: {tags: [CostCenter, …]}", "%q has no tags to require", name)
		case name == ProtectAudit && !o.Audited():
			ps.Add(key, "leave it out", "%q has nothing to protect: %saudit is none", name, prefix)
		case !own:
			checkSize(ps, key, len(content), GuardrailKinds[o.GuardrailType(name)].Size, "leave some regions, types, networks, partners, tags or roles out")
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(GuardrailKinds)) {
		n, t := 0, GuardrailKinds[kind]
		for _, name := range names {
			if o.GuardrailType(name) == kind {
				n++
			}
		}
		if n > t.own() {
			ps.Add(key, "put statements of several into one", "%d guardrails that are %s, over the %d that AWS attaches besides %s", n, t.Plural(), t.own(), t.Everything)
		}
	}
}

// checkStatements checks statements against IAM's grammar, and their size.
func checkStatements(ps *Problems, key string, statements []policy.Statement, limit int) {
	for i, s := range statements {
		at := fmt.Sprintf("%s[%d]", key, i)
		if s.Effect != policy.Allow && s.Effect != policy.Deny {
			ps.Add(at+".Effect", "write Allow or Deny", "unknown effect %q", s.Effect)
		}
		switch {
		case !statementID.MatchString(s.Sid):
			ps.Add(at+".Sid", "write letters and digits", "%q is not a statement's id", s.Sid)
		case s.Sid != "" && slices.ContainsFunc(statements[:i], func(other policy.Statement) bool { return other.Sid == s.Sid }):
			ps.Add(at+".Sid", "choose another, or leave it out", "%q is the id of another statement, too", s.Sid)
		}
		if (len(s.Action) == 0) == (len(s.NotAction) == 0) {
			ps.Add(at, "write Action or NotAction", "has none or both of them")
		}
		if (len(s.Resource) == 0) == (len(s.NotResource) == 0) {
			ps.Add(at, `write Resource or NotResource, such as Resource: "*"`, "has none or both of them")
		}
		for _, a := range slices.Concat(s.Action, s.NotAction) {
			if !actionPattern.MatchString(a) {
				ps.Add(at+".Action", "write <service>:<action>, such as s3:GetObject, or *", "%q is not an action", a)
			}
		}
		for _, operator := range slices.Sorted(maps.Keys(s.Condition)) {
			for _, name := range slices.Sorted(maps.Keys(s.Condition[operator])) {
				if len(s.Condition[operator][name]) == 0 {
					ps.Add(at+".Condition", "write a value", "%s of %s has none", operator, name)
				}
			}
		}
	}
	checkSize(ps, key, policySize(policy.Document{Statements: statements}), limit, "shorten or divide it")
}

// checkNoPrincipals refuses statements that name a principal in a document that can't.
func checkNoPrincipals(ps *Problems, key string, statements []policy.Statement, remedy string) {
	for i, s := range statements {
		if s.Principal != nil || s.NotPrincipal != nil {
			ps.Add(fmt.Sprintf("%s[%d]", key, i), remedy, "names a principal, which only policies of resources and trust policies do")
		}
	}
}

// checkResourceControl checks what AWS demands of a resource control policy besides IAM's grammar.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
func checkResourceControl(ps *Problems, key string, statements []policy.Statement) {
	for i, s := range statements {
		at := fmt.Sprintf("%s[%d]", key, i)
		if s.Principal == nil || !s.Principal.Everyone || s.NotPrincipal != nil {
			ps.Add(at, `write Principal: "*" in each statement, and name somebody in a Condition`, "isn't about everybody, as each statement of a resource control policy is")
		}
		if s.Effect == policy.Allow {
			ps.Add(at+".Effect", "write Deny", "Allow isn't possible in a resource control policy")
		}
		if len(s.NotAction) > 0 {
			ps.Add(at+".NotAction", "write Action", "isn't possible in a resource control policy")
		}
		for _, a := range s.Action {
			if actionPattern.MatchString(a) && !iamdata.ResourceControlled(a) {
				ps.Add(at+".Action", "name actions of services that have resource control: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services", "AWS refuses %q in a resource control policy", a)
			}
		}
	}
}

func checkSize(ps *Problems, key string, size, limit int, remedy string) {
	if size > limit {
		ps.Add(key, remedy, "the policy has %d characters, over AWS's %d", size, limit)
	}
}

// policySize returns the characters of a document.
func policySize(d policy.Document) int {
	text, err := d.JSON()
	if err != nil {
		return 0 // Statements are strings: they can't fail.
	}
	return len(text)
}

// checkPassRole refuses statements that let a role pass any role, and so do what
// the mightiest of them may, which is seldom meant.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func checkPassRole(ps *Problems, key string, statements []policy.Statement) {
	for i, s := range statements {
		if s.Effect == policy.Allow && passesAnyRole(s) {
			ps.Add(fmt.Sprintf("%s[%d]", key, i), "name the roles in a Resource of its own, or give the managed policy AdministratorAccess if all is meant",
				"allows iam:PassRole for any role, and so what the mightiest may do")
		}
	}
}

// passesAnyRole reports whether a statement, but for its conditions, lets a role of any name be passed
// in some account.
func passesAnyRole(s policy.Statement) bool {
	s.Condition = nil
	if len(s.NotResource) > 0 {
		s.Resource, s.NotResource = policy.List{"*"}, nil
	}
	own := authorization.Policies{Identity: []authorization.Policy{{Document: policy.Document{Statements: []policy.Statement{s}}}}}
	return slices.ContainsFunc(s.Resource, func(resource string) bool {
		account := "*"
		if part := strings.Split(resource, ":"); len(part) > 4 {
			account = part[4] // Whichever it is.
		}
		q := authorization.Request{Action: "iam:PassRole", Resource: RoleARN(account, noName), Principal: authorization.Principal{Type: authorization.Role}}
		return authorization.Decide(q, own).Allowed()
	})
}

// noName is like no pattern but those that are like all names.
const noName = "!!!!!!!!"
