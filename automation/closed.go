package automation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// forgetClosed takes accounts out of the state whose closing has failed in this attempt
// and that are closed in AWS all the same, and returns how many there were. The provider
// waits for an account's Status, which AWS has retired, to see the end of what it has
// done, and reading the account back doesn't show that it is closed, either.
func (s *stack) forgetClosed(ctx context.Context, handle auto.Stack) (forgotten int, err error) {
	failed := s.watcher.unclosed()
	if len(failed) == 0 {
		return 0, nil
	}
	err = s.unlocked(ctx, func() error {
		envelope, deployment, err := s.deployment(ctx, handle)
		if err != nil {
			return err
		}
		finder := newFinder(s.a.options.Env, deployment, s.say)
		look := func(r apitype.ResourceV3) (string, error) { return finder.status(ctx, r) }
		if forgotten, err = forgetClosed(deployment, failed, look, s.say); err != nil || forgotten == 0 {
			return err
		}
		return s.write(ctx, envelope, deployment)
	})
	return forgotten, err
}

// unclosed returns the accounts whose closing has failed in this attempt.
func (w *watcher) unclosed() (accounts []apitype.ResourceV3) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.failed {
		if m.Op == apitype.OpDelete && m.Type == awstype.OrganizationsAccount && m.Old != nil {
			accounts = append(accounts, apitype.ResourceV3{URN: resource.URN(m.URN), Type: tokens.Type(m.Type), ID: resource.ID(m.Old.ID), Provider: m.Old.Provider})
		}
	}
	return accounts
}

// forgetClosed takes those of the accounts out of a state that are closed, as look says.
func forgetClosed(d *apitype.DeploymentV3, accounts []apitype.ResourceV3, look func(apitype.ResourceV3) (string, error), say func(string, ...any)) (forgotten int, err error) {
	for _, r := range accounts {
		state, err := look(r)
		if err != nil {
			return forgotten, err
		}
		if !accountstate.State(state).GivenUp() {
			continue
		}
		say("account %s (%s) is %s", r.URN.Name(), r.ID, state)
		d.Resources = slices.DeleteFunc(d.Resources, func(other apitype.ResourceV3) bool { return other.URN == r.URN })
		forgotten++
	}
	dropReferences(d)
	return forgotten, nil
}

// status returns the state of an account in the organization, such as ACTIVE or
// SUSPENDED, or that it isn't there.
func (f *finder) status(ctx context.Context, r apitype.ResourceV3) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	out, err := organizations.NewFromConfig(cfg).DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: aws.String(string(r.ID))})
	if awserror.Absent(err) {
		return string(accountstate.Missing), nil
	}
	if err != nil {
		return "", err
	}
	return string(accountstate.Of(*out.Account)), nil
}
