package limits

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// keptPolicies keeps the policies of types that the emulator lacks, and gives them back under AWS's rules. They have no effect.
// Of declarative policies for EC2 it knows which attributes there are, and what is effective for an account.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
type keptPolicies struct {
	*members
	types *types

	mu       sync.Mutex
	policies map[string]*keptPolicy // by id
}

// keptPolicy is a policy. Its fields are members of AWS Organizations' answers.
type keptPolicy struct {
	ID          string `json:"Id"`
	ARN         string `json:"Arn"`
	Name        string
	Description string
	Type        string
	AWSManaged  bool `json:"AwsManaged"`

	content string
	tags    map[string]string
	targets []string
}

// declarative is the type of policies that set what EC2 does.
const declarative = "DECLARATIVE_POLICY_EC2"

// declarativeAttributes are the attributes of such policies, with the values that AWS takes for those that have one field.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
var declarativeAttributes = map[string]map[string][]string{
	"exception_message":            nil,
	"vpc_block_public_access":      nil,
	"allowed_images_settings":      nil,
	"instance_metadata_defaults":   nil,
	"serial_console_access":        {"status": {"enabled", "disabled"}},
	"image_block_public_access":    {"state": {"block_new_sharing", "unblocked"}},
	"snapshot_block_public_access": {"state": {"block_all_sharing", "block_new_sharing", "unblocked"}},
}

func newKeptPolicies(m *members, t *types) *keptPolicies {
	return &keptPolicies{members: m, types: t, policies: map[string]*keptPolicy{}}
}

func (*keptPolicies) Name() string { return "contract only" }

// keptCall has the parameters of the actions on policies. Each action has some of them.
type keptCall struct {
	policyCall
	Name, Description, Filter, PolicyType, ResourceID string
	OrganizationalUnitID                              string
	Tags                                              []struct{ Key, Value string }
	TagKeys                                           []string
}

func (r *keptPolicies) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in keptCall
	if c.Service != "organizations" || json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	switch c.Action {
	case "DeleteOrganization", "DeleteOrganizationalUnit":
		a := next(c)
		if a.OK() {
			r.forget(in.OrganizationalUnitID)
		}
		return a
	case "CreatePolicy", "ListPolicies", "ListPoliciesForTarget", "DescribeEffectivePolicy":
		if kind := in.Type + in.Filter + in.PolicyType; kind != declarative {
			return next(c)
		}
	default:
		if r.of(in.PolicyID) == nil && r.of(in.ResourceID) == nil {
			return next(c)
		}
	}
	out, problem := r.answer(c, in)
	if problem != nil {
		return r.w.Refuse(c, *problem)
	}
	a := r.w.Reply(c, out)
	a.Kept = true
	return a
}

func (r *keptPolicies) of(id string) *keptPolicy {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.policies[id]
}

// forget detaches all policies from a unit that is deleted. Without a unit, the organization is deleted.
func (r *keptPolicies) forget(unit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if unit == "" {
		clear(r.policies)
	}
	for _, p := range r.policies {
		p.targets = slices.DeleteFunc(p.targets, func(id string) bool { return id == unit })
	}
}

// answer answers a call about policies that are kept.
func (r *keptPolicies) answer(c *proxy.Call, in keptCall) (any, *proxy.Problem) {
	organization := r.organization(c.Context())
	above := r.above(c, in.TargetID)
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.policies[in.PolicyID]
	if p == nil {
		p = r.policies[in.ResourceID]
	}
	switch c.Action {
	case "CreatePolicy":
		return r.create(in, organization)
	case "UpdatePolicy":
		return r.update(p, in)
	case "DeletePolicy":
		if len(p.targets) > 0 {
			return nil, policyProblem("PolicyInUseException", "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts before performing this operation.")
		}
		delete(r.policies, p.ID)
	case "DescribePolicy":
		return map[string]any{"Policy": p.shown()}, nil
	case "ListPolicies":
		return map[string]any{"Policies": r.listed(func(*keptPolicy) bool { return true })}, nil
	case "ListPoliciesForTarget":
		return map[string]any{"Policies": r.listed(func(p *keptPolicy) bool { return slices.Contains(p.targets, in.TargetID) })}, nil
	case "ListTargetsForPolicy":
		return map[string]any{"Targets": targetsOf(p)}, nil
	case "AttachPolicy":
		return struct{}{}, r.attach(p, in.TargetID)
	case "DetachPolicy":
		if !slices.Contains(p.targets, in.TargetID) {
			return nil, policyProblem("PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root.")
		}
		p.targets = slices.DeleteFunc(p.targets, func(id string) bool { return id == in.TargetID })
	case "DescribeEffectivePolicy":
		return r.effective(above, in.TargetID)
	case "TagResource":
		for _, t := range in.Tags {
			p.tags[t.Key] = t.Value
		}
	case "UntagResource":
		for _, key := range in.TagKeys {
			delete(p.tags, key)
		}
	case "ListTagsForResource":
		tags := []any{}
		for _, key := range slices.Sorted(maps.Keys(p.tags)) {
			tags = append(tags, map[string]string{"Key": key, "Value": p.tags[key]})
		}
		return map[string]any{"Tags": tags}, nil
	default:
		return nil, &proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "no emulator has such policies, and a rehearsal doesn't keep what " + c.Action + " does"}
	}
	return struct{}{}, nil
}

func (r *keptPolicies) create(in keptCall, organization string) (any, *proxy.Problem) {
	for _, p := range r.policies {
		if p.Name == in.Name {
			return nil, policyProblem("DuplicatePolicyException", "A policy with the same name already exists.")
		}
	}
	if problem := r.content(in); problem != nil {
		return nil, problem
	}
	p := &keptPolicy{
		ID: "p-" + strings.ReplaceAll(r.w.RequestID(), "-", "")[:10], Name: in.Name, Description: in.Description, Type: in.Type,
		content: in.Content, tags: map[string]string{},
	}
	p.ARN = fmt.Sprintf("arn:aws:organizations::%s:policy/%s/%s/%s", r.w.Management, organization, strings.ToLower(in.Type), p.ID)
	for _, t := range in.Tags {
		p.tags[t.Key] = t.Value
	}
	r.policies[p.ID] = p
	return map[string]any{"Policy": p.shown()}, nil
}

// content refuses a document that is too long, or isn't one of a declarative policy.
func (r *keptPolicies) content(in keptCall) *proxy.Problem {
	if most, limited := r.w.Numbers.PolicySize[declarative]; limited && utf8.RuneCountInString(in.Content) > most.Most {
		problem := violation("POLICY_CONTENT_LIMIT_EXCEEDED", "You attempted to create a policy that is larger than the maximum size.")
		return &problem
	}
	return unfitDeclarative(in.Content)
}

func (r *keptPolicies) update(p *keptPolicy, in keptCall) (any, *proxy.Problem) {
	if in.Content != "" {
		if problem := r.content(in); problem != nil {
			return nil, problem
		}
		p.content = in.Content
	}
	if in.Name != "" {
		p.Name = in.Name
	}
	if in.Description != "" {
		p.Description = in.Description
	}
	return map[string]any{"Policy": p.shown()}, nil
}

func (r *keptPolicies) attach(p *keptPolicy, target string) *proxy.Problem {
	attached := r.listed(func(other *keptPolicy) bool { return slices.Contains(other.targets, target) })
	switch most, limited := r.w.Numbers.PoliciesPerTarget[p.Type]; {
	case !slices.Contains(r.types.enabled(), p.Type):
		return policyProblem("PolicyTypeNotEnabledException", "The specified policy type isn't currently enabled in this root. You can't attach policies of the specified type to entities in a root until you enable that type in the root.")
	case slices.Contains(p.targets, target):
		return policyProblem("DuplicatePolicyAttachmentException", "The selected policy is already attached to the specified target.")
	case limited && len(attached) >= most.Most:
		problem := violation("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You attempted to exceed the number of policies of a certain type that can be attached to an entity at one time.")
		return &problem
	}
	p.targets = append(p.targets, target)
	return nil
}

func (p *keptPolicy) shown() map[string]any {
	return map[string]any{"PolicySummary": p, "Content": p.content}
}

// listed returns some of the policies by name.
func (r *keptPolicies) listed(wanted func(*keptPolicy) bool) []*keptPolicy {
	all := []*keptPolicy{}
	for _, p := range r.policies {
		if wanted(p) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *keptPolicy) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func targetsOf(p *keptPolicy) []any {
	all := []any{}
	for _, id := range p.targets {
		kind := "ACCOUNT"
		switch {
		case strings.HasPrefix(id, "r-"):
			kind = "ROOT"
		case strings.HasPrefix(id, "ou-"):
			kind = "ORGANIZATIONAL_UNIT"
		}
		all = append(all, map[string]string{"TargetId": id, "Type": kind, "Name": id})
	}
	return all
}

// above returns the ids from the root down to a target; the target alone if the emulator doesn't know it.
func (r *keptPolicies) above(c *proxy.Call, target string) []string {
	path := []string{target}
	for c.Action == "DescribeEffectivePolicy" && !strings.HasPrefix(path[0], "r-") {
		parents, err := proxy.ListOrganizations[struct{ ID string }](c.Context(), r.w.World, "ListParents", "Parents", map[string]string{"ChildId": path[0]})
		if err != nil || len(parents) != 1 {
			break
		}
		path = append([]string{parents[0].ID}, path...)
	}
	return path
}

// effective returns what the policies from the root down to an account amount to. What a lower one assigns takes the place of
// what a higher one does.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
func (r *keptPolicies) effective(path []string, target string) (any, *proxy.Problem) {
	merged := map[string]any{}
	for _, id := range path {
		for _, p := range r.listed(func(p *keptPolicy) bool { return slices.Contains(p.targets, id) }) {
			var document map[string]any
			_ = json.Unmarshal([]byte(p.content), &document) // It was checked when the policy was made.
			assign(merged, document)
		}
	}
	if len(merged) == 0 {
		return nil, policyProblem("EffectivePolicyNotFoundException", "If you ran this action on the management account, this policy type is not enabled. If you ran the action on a member account, the account doesn't have an effective policy of this type.")
	}
	content, _ := json.Marshal(merged)
	return map[string]any{"EffectivePolicy": map[string]any{"PolicyContent": string(content), "PolicyType": declarative, "TargetId": target}}, nil
}

// assign adds what a document assigns.
func assign(merged, document map[string]any) {
	for name, value := range document {
		below, _ := value.(map[string]any)
		if assigned, ok := below["@@assign"]; ok {
			merged[name] = assigned
			continue
		}
		into, _ := merged[name].(map[string]any)
		if into == nil {
			into = map[string]any{}
			merged[name] = into
		}
		assign(into, below)
	}
}

// unfitDeclarative refuses a document that isn't a declarative policy for EC2.
func unfitDeclarative(content string) *proxy.Problem {
	fault := func(format string, args ...any) *proxy.Problem {
		return policyProblem("MalformedPolicyDocumentException", "The provided policy document does not meet the requirements of the specified policy type. (rehearsal: "+fmt.Sprintf(format, args...)+")")
	}
	var document map[string]map[string]map[string]json.RawMessage
	if err := json.Unmarshal([]byte(content), &document); err != nil {
		return fault("%v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(document)) {
		if name != "ec2_attributes" {
			return fault("it has %s, and not ec2_attributes", name)
		}
		for _, attribute := range slices.Sorted(maps.Keys(document[name])) {
			fields, known := declarativeAttributes[attribute]
			if !known {
				return fault("EC2 has no attribute %s", attribute)
			}
			for _, field := range slices.Sorted(maps.Keys(document[name][attribute])) {
				var value struct {
					Assign string `json:"@@assign"`
				}
				if _, checked := fields[field]; fields != nil && (!checked || json.Unmarshal(document[name][attribute][field], &value) != nil || !slices.Contains(fields[field], value.Assign)) {
					return fault("%s of %s can't be %s", field, attribute, document[name][attribute][field])
				}
			}
		}
	}
	if len(document["ec2_attributes"]) == 0 {
		return fault("it has no attribute")
	}
	return nil
}

func policyProblem(code, message string) *proxy.Problem {
	return &proxy.Problem{Status: http.StatusBadRequest, Code: code, Message: message}
}
