package limits

import (
	"context"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// controls are the service control policies and the resource control policies of the organization, as the emulator has
// them: what is attached to the root, the units and the account. They are read anew after each change of the organization.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
type controls struct {
	*members
	policies *policies

	mu sync.Mutex
	// changes counts the calls that may have changed AWS Organizations. What was read before the last one isn't kept.
	changes int
	levels  map[restricted][]authorization.Level
}

// restricted is an account, and a type of policies that restrict it.
type restricted struct{ kind, account string }

func newControls(m *members, p *policies) *controls {
	return &controls{members: m, policies: p, levels: map[restricted][]authorization.Level{}}
}

// learn forgets the policies that a call may have changed.
func (r *controls) learn(c *proxy.Call) {
	if c.Service == "organizations" && !strings.HasPrefix(c.Action, "List") && !strings.HasPrefix(c.Action, "Describe") {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changes++
		clear(r.levels)
	}
}

// of returns the policies of a type that restrict an account, level by level from the root. Nil means that none do: the
// account isn't a member of the organization, or the policy type isn't enabled.
func (r *controls) of(ctx context.Context, kind, account string) []authorization.Level {
	if account == r.w.Management || r.find(ctx, account) == nil {
		return nil
	}
	key := restricted{kind, account}
	r.mu.Lock()
	levels, known := r.levels[key]
	changes := r.changes
	r.mu.Unlock()
	if known {
		return levels
	}
	if r.policies.enabled(ctx, kind) {
		levels = r.read(ctx, kind, account)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes == changes {
		r.levels[key] = levels
	}
	return levels
}

// read reads the policies of an account, its units and the root. A level that can't be read has a policy that isn't
// known.
func (r *controls) read(ctx context.Context, kind, account string) []authorization.Level {
	var levels []authorization.Level
	for target := account; ; {
		level, err := r.level(ctx, kind, target)
		levels = append([]authorization.Level{level}, levels...)
		if err != nil || strings.HasPrefix(target, "r-") {
			return levels
		}
		parents, err := proxy.ListOrganizations[struct{ ID string }](ctx, r.w.World, "ListParents", "Parents", map[string]string{"ChildId": target})
		if err != nil || len(parents) != 1 {
			return append([]authorization.Level{unread("above " + target)}, levels...)
		}
		target = parents[0].ID
	}
}

// level reads the policies that are attached to the root, a unit or an account itself.
func (r *controls) level(ctx context.Context, kind, target string) (authorization.Level, error) {
	level := authorization.Level{Name: target}
	if kind == resourceControl {
		// AWS attaches RCPFullAWSAccess to every root, unit and account, for as long as the type is enabled.
		// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
		level.Policies = []authorization.Policy{{Name: "RCPFullAWSAccess", Document: policy.Document{Statements: []policy.Statement{{
			Effect: policy.Allow, Principal: &policy.Principal{Everyone: true}, Action: policy.List{"*"}, Resource: policy.List{"*"},
		}}}}}
	}
	attached, err := proxy.ListOrganizations[struct{ ID, Name string }](ctx, r.w.World, "ListPoliciesForTarget", "Policies", map[string]string{"TargetId": target, "Filter": kind})
	if err != nil {
		return unread(target), err
	}
	for _, a := range attached {
		var out struct{ Policy struct{ Content string } }
		if err := r.w.Organizations(ctx, "DescribePolicy", map[string]string{"PolicyId": a.ID}, &out); err != nil {
			return unread(target), err
		}
		level.Policies = append(level.Policies, parsed(a.Name, out.Policy.Content))
	}
	return level, nil
}

// unread is a level whose policies aren't known.
func unread(target string) authorization.Level {
	return authorization.Level{Name: target, Policies: []authorization.Policy{{Name: "that can't be read", Unread: true}}}
}

// parsed returns a policy by its JSON. A document that isn't one isn't known.
func parsed(name, document string) authorization.Policy {
	d, err := policy.Parse(document)
	return authorization.Policy{Name: name, Document: d, Unread: err != nil}
}
