package automation

import (
	"context"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/program"
)

// stateOf returns the state that a stack of the organization has in the backend; nil if
// there is no such stack. It is a program.StackState.
func (s *stack) stateOf(ctx context.Context, name string) (*apitype.DeploymentV3, error) {
	if name == s.name {
		if d := s.latest.Swap(nil); d != nil {
			return d, nil
		}
	}
	b, err := s.a.backend(ctx)
	if errors.Is(err, backend.ErrUnsupported) {
		return s.exported(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }() // It is only read.
	d, err := b.Deployment(ctx, program.Project, name)
	if backend.Missing(err) {
		return nil, nil
	}
	return d, err
}

// exported is stateOf where only Pulumi can read the backend.
func (s *stack) exported(ctx context.Context, name string) (*apitype.DeploymentV3, error) {
	existing, err := s.a.existing(ctx)
	if err != nil || !existing[name] {
		return nil, err
	}
	ws, err := s.a.workspace(ctx, s.a.options.Dir, s.a.options.Env, nil)
	if err != nil {
		return nil, err
	}
	envelope, err := ws.ExportStack(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", summarize(err))
	}
	return deploymentIn(envelope)
}
