package program

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/taken"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// StackState returns a stack's state; nil if the backend has none.
type StackState func(ctx context.Context, stack string) (*apitype.DeploymentV3, error)

// Taken returns a Settings.Taken that asks with the credentials of the environment, where
// env doesn't say otherwise. State is nil if nobody can read states: then only stacks are
// looked at that have never run to their end.
func Taken(org *organization.Organization, env map[string]string, state StackState) func(context.Context, taken.Query) ([]taken.Thing, error) {
	return func(ctx context.Context, q taken.Query) ([]taken.Thing, error) {
		cfg, err := awsconfig.Load(ctx, env, org.Region)
		if err != nil {
			return nil, err
		}
		q.Organization, q.Config = org, cfg
		if state != nil {
			q.State = state
		} else {
			q.Accounts = slices.DeleteFunc(q.Accounts, func(a taken.Account) bool { return !a.First })
		}
		return taken.Find(ctx, q)
	}
}

// findTaken finds out, before anything is made, what the management account and the
// members that are adopted have of what is about to be made in them. Members that this run
// creates have nothing.
func (m *master) findTaken() error {
	first := m.last == nil
	q := taken.Query{
		Accounts:   []taken.Account{{Name: organization.Master, ID: m.self, First: first}},
		ApexZoneID: m.existingApex.ID, Delegates: m.undelegated(), Roles: map[string]string{},
	}
	for _, name := range m.org.AccountNames() {
		s := m.standings[name]
		if s.id == "" || !s.state.Usable() {
			continue
		}
		q.Roles[name] = organization.RoleARN(s.id, m.org.AccessRoleOf(name))
		if s.adopted {
			q.Accounts = append(q.Accounts, taken.Account{Name: name, ID: s.id, Role: q.Roles[name], First: true})
		}
	}
	return findTaken(m.ctx, m.org, first, q)
}

// undelegated returns the accounts whose zones the apex zone doesn't refer to yet, as far
// as the master stack knows.
func (m *master) undelegated() []string {
	var names []string
	if m.last == nil {
		names = append(names, organization.Master)
	}
	for _, name := range m.org.AccountNames() {
		if m.last == nil || m.before(name).ID == "" {
			names = append(names, name)
		}
	}
	return names
}

// findTaken finds out the same in the stack of a member, which may run much later than the
// master stack. Self is the member as the master stack knows it.
func (m *member) findTaken(self stackref.Member) error {
	if self.ID == "" {
		return nil
	}
	first := m.previous == nil
	return findTaken(m.ctx, m.org, first, taken.Query{Accounts: []taken.Account{{Name: m.name, ID: self.ID, Role: self.AccessRoleARN, First: first}}})
}

// findTaken warns of what changes, and returns what is refused as an error, all at once.
// First says that no run of the stack has come to its end.
func findTaken(ctx *pulumi.Context, org *declaration, first bool, q taken.Query) error {
	if org.settings.Taken == nil || org.settings.Plan != nil || org.settings.Find != nil {
		return nil
	}
	if first {
		// Nobody else can tell plain Pulumi that the stack has made nothing yet.
		empty, err := stackref.Empty(ctx)
		if err != nil {
			return err
		}
		if empty {
			q.State = func(context.Context, string) (*apitype.DeploymentV3, error) { return nil, nil }
		}
	}
	things, err := org.settings.Taken(ctx.Context(), q)
	if err != nil {
		err = ctx.Log.Warn(fmt.Sprintf("not all that is in the way is known: %v", err), nil)
	}
	errs := []error{err}
	for _, t := range things {
		if t.Refused {
			errs = append(errs, errors.New(t.String()))
		} else {
			errs = append(errs, ctx.Log.Warn(t.String(), nil))
		}
	}
	return errors.Join(errs...)
}
