package program

import (
	"context"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/taken"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

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
	asked := org.settings.AWS
	if asked == nil || org.settings.Plan != nil || org.settings.Find != nil {
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
	things, err := asked.taken(ctx.Context(), org.Organization, q)
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
