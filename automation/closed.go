package automation

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
)

// forgetClosed takes accounts out of the state whose closing has failed in this attempt
// and that are closed in AWS all the same, and returns how many there were. The provider
// waits for an account's Status, which AWS has retired, to see the end of what it has
// done, and reading the account back doesn't show that it is closed, either.
func (s *stack) forgetClosed(ctx context.Context, handle auto.Stack) (forgotten int, err error) {
	s.watcher.mu.Lock()
	failed := slices.Clone(s.watcher.failed)
	s.watcher.mu.Unlock()
	failed = slices.DeleteFunc(failed, func(m apitype.StepEventMetadata) bool {
		return m.Op != apitype.OpDelete || m.Type != accountType || m.Old == nil
	})
	if len(failed) == 0 {
		return 0, nil
	}
	err = s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil {
			return err
		}
		finder := &finder{env: s.a.options.Env, deployment: deployment, say: s.say}
		forgotten = 0
		for _, m := range failed {
			r := apitype.ResourceV3{URN: resource.URN(m.URN), Type: tokens.Type(m.Type), ID: resource.ID(m.Old.ID), Provider: m.Old.Provider}
			state, err := finder.status(ctx, r)
			if err != nil {
				return err
			}
			if !accountstate.State(state).Closing() {
				continue
			}
			s.say("account %s (%s) is %s", r.URN.Name(), r.ID, state)
			deployment.Resources = slices.DeleteFunc(deployment.Resources, func(other apitype.ResourceV3) bool { return other.URN == r.URN })
			forgotten++
		}
		if forgotten == 0 {
			return nil
		}
		return s.write(ctx, envelope, deployment)
	})
	return forgotten, err
}
