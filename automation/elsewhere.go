package automation

import (
	"context"
	"errors"

	"github.com/coldstart-aws/coldstart/internal/elsewhere"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// elsewhere returns an error if the organization was made with a state that isn't in
// this backend. Then no stack runs: without the management account's outputs, the others
// would show or make everything a second time.
// docs/adr/0030-a-state-that-is-elsewhere.md
func (a *Automation) elsewhere(ctx context.Context, existing map[string]bool, common *shared) error {
	master := a.stack(organization.Stack{Name: organization.Master}, common)
	empty := !existing[master.name]
	if !empty {
		d, err := master.asKept(ctx, a.options.Env)
		empty = err == nil && !elsewhere.HasResources(d) // If only Pulumi can read the state, the program looks for itself.
	}
	if !empty {
		return nil
	}
	return master.elsewhere(ctx)
}

// elsewhere returns an error if the stack, of which the backend has nothing, has run with
// a state that isn't here. The program asks the same, and says why if AWS doesn't answer.
func (s *stack) elsewhere(ctx context.Context) error {
	if lost, _ := s.lost(ctx); lost != nil {
		return lost
	}
	return nil
}

// lost says what AWS has of the stack, of which the backend has nothing; nil if AWS has
// nothing either, or if master doesn't know the account.
func (s *stack) lost(ctx context.Context) (*elsewhere.Error, error) {
	role := ""
	if s.name != organization.Master {
		account, _ := s.account(ctx) // Without it the program can't run either, and says why.
		if role = account.AccessRoleARN; role == "" {
			return nil, nil
		}
	}
	err := s.made(ctx, s.name, role)
	if made := (*elsewhere.Error)(nil); errors.As(err, &made) {
		return made, nil
	}
	return nil, err
}

// made is program.Settings.Made. AWS is asked once a run about a stack: what AWS has later,
// this run has made.
func (s *stack) made(ctx context.Context, stack, role string) error {
	if _, asked := s.unmade.Load(stack); asked {
		return nil
	}
	err := program.Made(s.a.org, s.a.options.Dir, s.a.options.Env)(ctx, stack, role)
	if err == nil {
		s.unmade.Store(stack, true)
	}
	return err
}
