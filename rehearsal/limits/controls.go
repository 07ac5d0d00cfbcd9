package limits

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// controls refuses calls of principals in member accounts that service control policies deny. moto
// enforces none. The rule reads from the emulator what is attached to the root, the units and the
// account at that moment.
//
// Where the rule doesn't know enough, it decides for the caller: a denial that depends on an unknown
// condition key or resource isn't enforced. The proxy's report counts such calls.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
type controls struct {
	*members
	policies *policies

	mu sync.Mutex
	// changes counts the calls that have changed AWS Organizations. What was read before the last one
	// isn't kept.
	changes int
	levels  map[string][]authorization.Level // by account
}

func newControls(m *members, p *policies) *controls {
	return &controls{members: m, policies: p, levels: map[string][]authorization.Level{}}
}

func (*controls) Name() string { return "service control policy" }

func (r *controls) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if problem := r.denial(c); problem != nil {
		return r.w.Refuse(c, *problem)
	}
	a := next(c)
	if c.Service == "organizations" && !reads(c.Action) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changes++
		clear(r.levels)
	}
	return a
}

// reads reports whether an action of AWS Organizations changes nothing.
func reads(action string) bool {
	return strings.HasPrefix(action, "List") || strings.HasPrefix(action, "Describe")
}

// denial returns the error of a call that service control policies deny; nil for any other call.
func (r *controls) denial(c *proxy.Call) *proxy.Problem {
	account := c.Caller.Account
	if account == r.w.Management || r.find(c.Context(), account) == nil {
		return nil
	}
	action, resource := permission(c)
	if action == "" {
		return nil
	}
	levels, err := r.of(c.Context(), account)
	if err != nil || levels == nil {
		return nil
	}
	if resource == "" {
		resource = cmp.Or(resourceOf(c, action), r.w.keyOf(c))
	}
	keys := authorization.FromOutside(c.Region) // The emulator has no TLS, but AWS's endpoints have.
	keys["aws:PrincipalOrgID"] = []string{r.organization(c.Context())}
	q := authorization.Request{Action: action, Resource: resource, Principal: principal(c.Caller), Keys: keys}
	p := authorization.Policies{
		Management: r.w.Management, ServiceControl: levels,
		Identity: []authorization.Policy{everything}, Resource: delegating(account), // The caller's own are other rules' matter.
	}
	d := authorization.Decide(q, p)
	if slices.ContainsFunc(d.Unknown, func(key string) bool { return strings.EqualFold(key, resourceAliases) }) {
		keys[resourceAliases] = r.aliases(c, resource)
		d = authorization.Decide(q, p)
	}
	why := ""
	switch d.Outcome {
	case authorization.DeniedExplicitly:
		why = "with an explicit deny in a service control policy"
	case authorization.DeniedImplicitly:
		why = "because no service control policy allows the " + action + " action"
	case authorization.CantTell:
		c.Doubt(strings.Join(d.Unknown, ", "))
		return nil
	case authorization.Allowed:
		return nil
	}
	problem := unauthorized(c, action, resource, why+" (rehearsal: "+d.String()+")")
	return &problem
}

// resourceAliases is the condition key with the aliases of a KMS key. Reading them takes a call, so it is done only where a
// decision depends on them.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
const resourceAliases = "kms:ResourceAliases"

// aliases returns the aliases of a key; none of what isn't a key.
func (r *controls) aliases(c *proxy.Call, key string) []string {
	var out struct{ Aliases []struct{ AliasName string } }
	if !strings.Contains(key, ":key/") || r.w.AskJSONIn(c.Context(), accountOf(key), regionOf(key), "kms", kmsTarget+"ListAliases", map[string]string{"KeyId": key}, &out) != nil {
		return nil
	}
	var names []string
	for _, a := range out.Aliases {
		names = append(names, a.AliasName)
	}
	return names
}

// of returns the service control policies of an account, level by level from the root; nil if the
// policy type isn't enabled.
func (r *controls) of(ctx context.Context, account string) ([]authorization.Level, error) {
	r.mu.Lock()
	levels, known, changes := r.levels[account], r.levels[account] != nil, r.changes
	r.mu.Unlock()
	if known {
		return levels, nil
	}
	if !r.policies.enabled(ctx, serviceControl) {
		return nil, nil
	}
	levels, err := r.read(ctx, account)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes == changes {
		r.levels[account] = levels
	}
	return levels, nil
}

// read reads the policies of an account, its units and the root.
func (r *controls) read(ctx context.Context, account string) ([]authorization.Level, error) {
	var levels []authorization.Level
	for target := account; ; {
		level, err := r.level(ctx, target)
		if err != nil {
			return nil, err
		}
		levels = append([]authorization.Level{level}, levels...)
		if strings.HasPrefix(target, "r-") {
			return levels, nil
		}
		parents, err := listAll[struct{ ID string }](ctx, r.w, "ListParents", "Parents", map[string]string{"ChildId": target})
		if err != nil || len(parents) != 1 {
			return nil, err
		}
		target = parents[0].ID
	}
}

// level reads the policies that are attached to the root, a unit or an account itself.
func (r *controls) level(ctx context.Context, target string) (authorization.Level, error) {
	level := authorization.Level{Name: target}
	attached, err := listAll[struct{ ID, Name string }](ctx, r.w, "ListPoliciesForTarget", "Policies", map[string]string{"TargetId": target, "Filter": serviceControl})
	if err != nil {
		return level, err
	}
	for _, a := range attached {
		var out struct{ Policy struct{ Content string } }
		if err := r.w.organizations(ctx, "DescribePolicy", map[string]string{"PolicyId": a.ID}, &out); err != nil {
			return level, err
		}
		document, err := policy.Parse(out.Policy.Content)
		level.Policies = append(level.Policies, authorization.Policy{Name: a.Name, Document: document, Unread: err != nil})
	}
	return level, nil
}
