package limits

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// policies enforces AWS's rules for the number, the size and the attachments of an organization's
// policies. The emulator attaches any number of policies of any type, and detaches the last one.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
type policies struct {
	w     *world
	types *types

	mu sync.Mutex
	// kinds caches the types of policies, by policy id. The type of a policy never changes.
	kinds map[string]string
}

func newPolicies(w *world, t *types) *policies {
	return &policies{w: w, types: t, kinds: map[string]string{}}
}

func (*policies) Name() string { return "organization's policy" }

// serviceControl is the type of policies of which every root, unit and account has at least one.
const serviceControl = "SERVICE_CONTROL_POLICY"

// resourceControl is the type of policies that restrict what anybody may do with the resources of members.
const resourceControl = "RESOURCE_CONTROL_POLICY"

// policyCall has the parameters of the actions on policies. Each action has some of them.
type policyCall struct{ PolicyID, TargetID, Type, Content string }

func (r *policies) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("organizations", "AttachPolicy", "DetachPolicy", "CreatePolicy", "UpdatePolicy") {
		return next(c)
	}
	var in policyCall
	if json.Unmarshal(c.Body, &in) != nil {
		return next(c)
	}
	kind := in.Type
	if kind == "" {
		kind = r.kind(c.Context(), in.PolicyID)
	}
	if kind == "" {
		return next(c) // The emulator refuses the call, because it has no such policy.
	}
	problem := r.content(in, kind)
	switch c.Action {
	case "CreatePolicy":
		problem = cmp.Or(problem, r.number(c.Context(), kind))
	case "AttachPolicy":
		problem = r.attach(c.Context(), in, kind)
	case "DetachPolicy":
		problem = r.detach(c.Context(), in, kind)
	}
	if problem != nil {
		return r.w.Refuse(c, *problem)
	}
	return next(c)
}

// kind returns the type of a policy; empty if there is no such policy.
func (r *policies) kind(ctx context.Context, id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind := r.kinds[id]; kind != "" {
		return kind
	}
	var out struct {
		Policy struct{ PolicySummary struct{ Type string } }
	}
	if r.w.Organizations(ctx, "DescribePolicy", map[string]string{"PolicyId": id}, &out) != nil {
		return ""
	}
	r.kinds[id] = out.Policy.PolicySummary.Type
	return r.kinds[id]
}

// attached returns the ids of the policies of a type that are attached to a target itself; false
// if the emulator has no such target.
func (r *policies) attached(ctx context.Context, target, kind string) (ids []string, there bool) {
	all, err := proxy.ListOrganizations[struct{ ID string }](ctx, r.w.World, "ListPoliciesForTarget", "Policies", map[string]string{"TargetId": target, "Filter": kind})
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	return ids, err == nil
}

func (r *policies) attach(ctx context.Context, in policyCall, kind string) *proxy.Problem {
	if !r.enabled(ctx, kind) {
		return &proxy.Problem{Status: http.StatusBadRequest, Code: "PolicyTypeNotEnabledException", Message: "The specified policy type isn't currently enabled in this root. You can't attach policies of the specified type to entities in a root until you enable that type in the root."}
	}
	attached, _ := r.attached(ctx, in.TargetID, kind)
	most, limited := r.w.Numbers.PoliciesPerTarget[kind]
	if limited && len(attached) >= most.Most {
		p := violation("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You attempted to exceed the number of policies of a certain type that can be attached to an entity at one time.")
		return &p
	}
	return nil
}

func (r *policies) detach(ctx context.Context, in policyCall, kind string) *proxy.Problem {
	attached, there := r.attached(ctx, in.TargetID, kind)
	if there && kind == serviceControl && len(attached) == 1 {
		p := violation("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You attempted to detach a policy from an entity that would cause the entity to have fewer than the minimum number of policies of a certain type required.")
		return &p
	}
	return nil
}

// enabled reports whether a policy type is enabled in the organization's root.
func (r *policies) enabled(ctx context.Context, kind string) bool {
	if slices.Contains(r.types.enabled(), kind) {
		return true
	}
	var page struct {
		Roots []struct {
			PolicyTypes []struct{ Type, Status string }
		}
	}
	if r.w.Organizations(ctx, "ListRoots", struct{}{}, &page) != nil || len(page.Roots) == 0 {
		return false
	}
	for _, t := range page.Roots[0].PolicyTypes {
		if t.Type == kind {
			return t.Status == "ENABLED"
		}
	}
	return false
}

// number refuses another policy of a type if the organization has the most that AWS allows.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
func (r *policies) number(ctx context.Context, kind string) *proxy.Problem {
	most, limited := r.w.Numbers.Policies[kind]
	if !limited {
		return nil
	}
	all, err := proxy.ListOrganizations[struct{}](ctx, r.w.World, "ListPolicies", "Policies", map[string]string{"Filter": kind})
	if err != nil || len(all) < most.Most { // The emulator refuses a type that it can't list.
		return nil
	}
	p := violation("POLICY_NUMBER_LIMIT_EXCEEDED", "You attempted to exceed the number of policies that you can have in an organization.")
	return &p
}

// content refuses a policy that is too large, or isn't what AWS takes for a policy of its type. White space counts, because AWS
// stores the document that an SDK sends as it is.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
func (r *policies) content(in policyCall, kind string) *proxy.Problem {
	most, limited := r.w.Numbers.PolicySize[kind]
	if limited && utf8.RuneCountInString(in.Content) > most.Most {
		p := violation("POLICY_CONTENT_LIMIT_EXCEEDED", "You attempted to create a policy that is larger than the maximum size.")
		return &p
	}
	if in.Content == "" { // A change of the name, or a call that attaches.
		return nil
	}
	if fault := unfit(kind, in.Content); fault != "" {
		return &proxy.Problem{
			Status: http.StatusBadRequest, Code: "MalformedPolicyDocumentException",
			Message: "The provided policy document does not meet the requirements of the specified policy type. (rehearsal: " + fault + ")",
		}
	}
	return nil
}

// unfit says why a document isn't a control policy; empty if it is one, or a policy of another type.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
func unfit(kind, content string) string {
	if kind != serviceControl && kind != resourceControl {
		return ""
	}
	document, err := policy.Parse(content)
	if err != nil {
		return err.Error()
	}
	for _, s := range document.Statements {
		fault := ""
		switch {
		case kind == serviceControl && (s.Principal != nil || s.NotPrincipal != nil):
			fault = "names a principal, which service control policies can't"
		case kind == resourceControl:
			fault = notResourceControl(s)
		}
		if fault != "" {
			return strings.TrimSpace("statement "+s.Sid) + " " + fault
		}
	}
	return ""
}

// notResourceControl says why a statement can't be one of a resource control policy that isn't AWS's own.
func notResourceControl(s policy.Statement) string {
	foreign := slices.IndexFunc(s.Action, func(action string) bool { return !iamdata.ResourceControlled(action) })
	switch {
	case s.Effect != policy.Deny:
		return "doesn't deny, and resource control policies only deny"
	case s.NotPrincipal != nil || s.Principal == nil || !slices.Equal(s.Principal.AWS, policy.List{"*"}) && !s.Principal.Everyone:
		return `isn't about the principal "*", as those of resource control policies are`
	case len(s.NotAction) > 0:
		return "has NotAction, which resource control policies can't have"
	case foreign >= 0:
		return "names " + s.Action[foreign] + ", of which AWS has no resource control"
	}
	return ""
}
