package automation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// withdrawals notes which accounts leave the declaration. For an update it returns the nodes with one more, which runs the stack that assigns
// permission sets, and which master waits for: AWS takes no assignment away any more in a closed account.
func (a *Automation) withdrawals(ctx context.Context, nodes []*node, common *shared, existing map[string]bool, update bool) ([]*node, error) {
	if !existing[organization.Master] {
		return nodes, nil
	}
	master, err := a.Master(ctx)
	if err != nil || master == nil || master.IdentityCenter == nil || !existing[master.AccessAccount] {
		return nodes, err
	}
	assigns := master.AccessAccount // The declaration may not have it any more.
	members, err := a.members(ctx)
	if err != nil {
		return nil, err
	}
	var leave []string
	for name := range members {
		if _, declared := a.org.Accounts[name]; !declared && common.broken[name] == nil {
			leave = append(leave, name)
		}
	}
	slices.Sort(leave)
	common.lets = leave
	i := slices.IndexFunc(nodes, func(n *node) bool { return n.name == organization.Master })
	stack, declared := a.org.Stack(assigns)
	switch {
	case i < 0 || len(leave) == 0 || !update || stack.Kind == organization.KindMaster: // Within a stack, Pulumi has the order.
		return nodes, nil
	case !declared && slices.Contains(leave, assigns):
		return nil, fmt.Errorf("coldstart:accounts.%s: the account isn't declared any more, and its stack assigns permission sets of IAM Identity Center: destroy the stack first (`coldstart destroy %[1]s --unprotect`)", assigns)
	case !declared:
		return nodes, nil
	}
	before := &shared{live: stackref.NewLive(), events: common.events, broken: common.broken, lets: leave}
	n := &node{stack: a.stack(stack, before), done: make(chan struct{}), withdrawal: true}
	n.org = a.bothWays(master)
	n.say("runs before %s, since it takes away what lets people into %s: AWS doesn't in a closed account", organization.Master, strings.Join(leave, ", "))
	nodes[i].waitsFor = append(nodes[i].waitsFor, n)
	return append(nodes, n), nil
}

// bothWays returns the declaration, but still with both ways in if it takes one of them away.
// Nobody may lose a way in before the management account's stack has looked whether there is another.
func (a *Automation) bothWays(master *stackref.Master) *organization.Organization {
	if master.People == organization.PeopleIdentityCenter || a.org.WayIn() == organization.PeopleBoth {
		return a.org
	}
	org := *a.org
	org.Access.People, org.Access.Account, org.Access.Directory = organization.PeopleBoth, master.AccessAccount, master.IdentityCenter.Directory
	return &org
}

// assignedIn returns the account in which a resource of the state lets people in by a permission set: that of an assignment, or of the
// policy of a boundary. It returns "" for every other resource.
func assignedIn(r apitype.ResourceV3) string {
	ours := strings.Contains(string(r.URN.QualifiedType()), identity.PermissionSetsType+"$")
	if !ours || r.Type != awstype.SSOAdminAccountAssignment && r.Type != awstype.IAMPolicy {
		return ""
	}
	_, rest, _ := strings.Cut(r.URN.Name(), "--") // <set>--<account>--<group>
	account, _, _ := strings.Cut(rest, "--")
	return account
}

// deserted reports whether a resource lets people into an account that is neither declared nor one of those that leave now: it is closed,
// or not in the organization any more.
func (s *stack) deserted(r apitype.ResourceV3) bool {
	account := assignedIn(r)
	_, declared := s.a.org.Accounts[account]
	return account != "" && account != organization.Master && !declared && !slices.Contains(s.lets, account)
}

// releaseAssignments has what lets people into such accounts leave the state without a call. It reports whether there was any.
func (s *stack) releaseAssignments(d *apitype.DeploymentV3) (released bool) {
	for i := range d.Resources {
		if r := &d.Resources[i]; !r.RetainOnDelete && s.deserted(*r) {
			r.RetainOnDelete, released = true, true
		}
	}
	return released
}
