package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/coldstart-aws/coldstart/internal/elsewhere"
	"github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/organization"
)

// elsewhere finds out whether AWS has resources of a stack whose state is in another backend.
// coldstart refuses to run such a stack.
func (x *examiner) elsewhere(ctx context.Context) []Finding {
	if x.store == nil && x.service == nil {
		return skipped("not looked at: that takes Pulumi itself with this backend")
	}
	var names []string
	for _, s := range x.org.Stacks() {
		if s.Name == organization.Master || x.accountOf(s.Name).State.Active() {
			names = append(names, s.Name)
		}
	}
	findings := sideBySide(names, func(name string) *Finding { return x.madeElsewhere(ctx, name) })
	if len(findings) > 0 {
		return findings
	}
	return ok("all that coldstart has made in AWS is in this backend's state")
}

// madeElsewhere looks for resources that a stack has created with another state. It returns nil
// if there are none.
func (x *examiner) madeElsewhere(ctx context.Context, stack string) *Finding {
	has, err := x.hasResources(ctx, stack)
	if err != nil {
		return &Finding{Check: "state of " + stack, Status: Warning, Found: err.Error(), Remedy: x.reachBackend()}
	}
	if has {
		return nil
	}
	q := elsewhere.Query{Organization: x.org, Env: x.options.Env, Dir: x.options.Dir, Stack: stack}
	if stack != organization.Master {
		q.Role = organization.RoleARN(x.accountOf(stack).ID, x.org.AccessRoleOf(stack))
	}
	var made *elsewhere.Error
	switch err := elsewhere.Check(ctx, q); {
	case errors.As(err, &made):
		return &Finding{Check: "state of " + stack, Status: Failure, Found: made.Found(), Remedy: made.Remedy()}
	case err != nil:
		return &Finding{
			Check: "state of " + stack, Status: Warning,
			Found:  fmt.Sprintf("whether the stack has run with another backend isn't known: %s", said(err)),
			Remedy: "see to it that the caller may enter the account and list its hosted zones",
		}
	}
	return nil
}

// hasResources reports whether the backend has a state of the stack with resources in it. A
// service such as Pulumi Cloud shows only the names of stacks, so every stack there counts.
func (x *examiner) hasResources(ctx context.Context, stack string) (bool, error) {
	if !slices.Contains(x.stacks, stack) {
		return false, nil
	}
	if x.store == nil {
		return true, nil
	}
	d, err := x.store.Deployment(ctx, project.Name, stack)
	if err != nil {
		return false, err
	}
	return elsewhere.HasResources(d), nil
}
