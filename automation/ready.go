package automation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// How long a new account is waited for, and how long it is left alone between two
// looks, at the beginning and in the end. AWS says that a service may take up to 24
// hours; most take seconds.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create.html
const (
	readyPatience = 15 * time.Minute
	rolePatience  = 2 * time.Minute
	readyFirst    = 2 * time.Second
	readyLast     = 30 * time.Second
)

// ready waits until the stack's account lets its stack in and answers, which takes
// a new account a while, and until the role that delegates its zone does what it is
// for. A provider that is refused gives up at once, and leaves behind what it had
// begun with.
func (s *stack) ready(ctx context.Context) error {
	master, err := s.master(ctx)
	if err != nil {
		return err
	}
	account := master.Accounts[s.name]
	if account.AccessRoleARN == "" || account.DelegationRoleARN == "" {
		return nil // The program says what is missing, and in which stack.
	}
	cfg, err := awsconfig.Load(ctx, s.a.options.Env, s.a.org.Region)
	if err != nil {
		return err
	}
	if err := s.uninvited(ctx, account); err != nil {
		return err
	}
	member := awsconfig.Assume(cfg, account.AccessRoleARN, "coldstart")
	delegator := awsconfig.Assume(cfg, account.DelegationRoleARN, "coldstart")
	for _, wait := range []patience{
		{
			name: fmt.Sprintf("account %s (%s)", s.name, account.ID),
			most: readyPatience,
			look: func(ctx context.Context) error { return answers(ctx, member) },
		},
		{
			name: "role " + s.a.org.Name(s.name, organization.RoleDelegation),
			most: rolePatience,
			look: func(ctx context.Context) error { return delegates(ctx, delegator, master.ApexZoneID) },
		},
	} {
		wait.real, wait.say = s.a.real, s.say
		if err := wait.until(ctx); err != nil {
			return err
		}
	}
	return nil
}

// uninvited returns an error if the account can't be entered and waiting won't change that:
// another role lets coldstart in, as in accounts that Control Tower has made, or the account
// was invited, or is older than AWS takes to make a role. AWS makes the access role in the
// accounts that it creates, when it creates them.
func (s *stack) uninvited(ctx context.Context, account stackref.Member) error {
	cfg, err := awsconfig.Load(ctx, s.a.options.Env, s.a.org.Region)
	if err != nil || account.AccessRoleARN == "" {
		return err
	}
	_, refused := awsconfig.Assume(cfg, account.AccessRoleARN, "coldstart").Credentials.Retrieve(ctx)
	if refused == nil || awserror.Stays(refused) {
		return nil // What stays is said by who asks next.
	}
	declared := s.a.org.AccessRoleOf(s.name)
	if other := accountstate.OtherRole(ctx, cfg, account.ID, declared); other != "" {
		return fmt.Errorf("account %s (%s) can't be entered by %s (%s), and can by %s: write accessRole: %[5]s under coldstart:accounts.%[1]s, run `coldstart up master`, and run again",
			s.name, account.ID, account.AccessRoleARN, awserror.Said(refused), other)
	}
	described, err := organizations.NewFromConfig(cfg).DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &account.ID})
	if err != nil {
		return nil //nolint:nilerr // Then it is waited for as any other.
	}
	var why string
	switch {
	case described.Account.JoinedMethod == types.AccountJoinedMethodInvited:
		why = "was invited and"
	case s.a.old(aws.ToTime(described.Account.JoinedTimestamp)):
		why = "is older than a day and"
	default:
		return nil
	}
	management, _, _ := strings.Cut(strings.TrimPrefix(account.ARN, "arn:aws:organizations::"), ":")
	return fmt.Errorf("account %s (%s) %s can't be entered by %s: %s; %s", s.name, account.ID, why, account.AccessRoleARN,
		awserror.Said(refused), accountstate.MakeRole(s.a.org.AccessRoleOf(s.name), management))
}

// old reports whether an account is older than AWS takes to make all of a new one.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create.html
func (a *Automation) old(joined time.Time) bool {
	return !joined.IsZero() && time.Since(joined) > a.real(24*time.Hour)
}

// master returns what the master stack has handed over in this run, or what the
// backend has; nothing if that stack hasn't run.
func (s *stack) master(ctx context.Context) (stackref.Master, error) {
	master, err := stackref.Decode[stackref.Master](organization.Master, s.live.Outputs(organization.Master))
	if master == nil && err == nil {
		master, err = s.a.Master(ctx)
	}
	if master == nil || err != nil {
		return stackref.Master{}, err
	}
	return *master, nil
}

// account returns what the master stack knows about the stack's account.
func (s *stack) account(ctx context.Context) (stackref.Member, error) {
	master, err := s.master(ctx)
	return master.Accounts[s.name], err
}

// delegates asks the apex zone, as the role that delegates the account's zone, for
// what that role may read. A new role's policy isn't known everywhere at once.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
func delegates(ctx context.Context, cfg aws.Config, apexZoneID string) error {
	_, err := route53.NewFromConfig(cfg).GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &apexZoneID})
	return err
}

// answers asks an account for what costs nothing.
func answers(ctx context.Context, cfg aws.Config) error {
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return err
	}
	if _, err := s3.NewFromConfig(cfg).ListBuckets(ctx, &s3.ListBucketsInput{}); err != nil {
		return err
	}
	if _, err := kms.NewFromConfig(cfg).ListKeys(ctx, &kms.ListKeysInput{Limit: aws.Int32(1)}); err != nil {
		return err
	}
	_, err := route53.NewFromConfig(cfg).ListHostedZones(ctx, &route53.ListHostedZonesInput{MaxItems: aws.Int32(1)})
	return err
}

// patience is how a new account is waited for.
type patience struct {
	name string
	// most is how much of AWS's time it may take.
	most time.Duration
	// real returns how long a while of AWS's takes.
	real func(time.Duration) time.Duration
	look func(context.Context) error
	say  func(format string, args ...any)
}

// until looks until the account is ready, says what it waits for when that changes,
// and gives up with AWS's reason. Only the pauses count: on a busy machine a look takes
// its time, which says nothing about the account.
func (p patience) until(ctx context.Context) error {
	begin, said, paused := time.Now(), "", time.Duration(0)
	for pause := readyFirst; ; pause = min(2*pause, readyLast) {
		err := p.look(ctx)
		switch {
		case err == nil:
			if said != "" {
				p.say("%s can be entered", p.name)
			}
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case awserror.Stays(err):
			return unentered(p.name, "can't be entered", err)
		case paused+p.real(pause) > p.real(p.most):
			return unentered(p.name, fmt.Sprintf("couldn't be entered for %s", time.Since(begin).Round(time.Second)), err)
		}
		if reason := awserror.Said(err); reason != said {
			said = reason
			p.say("waiting until %s can be entered: %s", p.name, reason)
		}
		select {
		case <-time.After(p.real(pause)):
			paused += p.real(pause)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unentered is why an account wasn't entered, with what to do. AWS's error stays in
// it for errors.As.
func unentered(name, what string, err error) error {
	if advice := remedy(err.Error()); advice != "" {
		return fmt.Errorf("%s %s: %w; %s", name, what, err, advice)
	}
	return fmt.Errorf("%s %s: %w", name, what, err)
}
