package program

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/appointed"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/costs"
	"github.com/coldstart-aws/coldstart/internal/defaultvpcs"
	"github.com/coldstart-aws/coldstart/internal/taken"
	"github.com/coldstart-aws/coldstart/internal/waysin"
	"github.com/coldstart-aws/coldstart/organization"
)

// AWS asks AWS what the provider doesn't say, with the management account's credentials and by the
// members' access roles. It only reads; in an update whose declaration has RemoveDefaultVPCs, it
// also removes default VPCs.
type AWS struct {
	// Env are environment variables, such as AWS_PROFILE, that replace those of this process.
	Env map[string]string
	// State reads the states of stacks. If it is nil, AWS is asked only about the accounts of
	// stacks that have never completed a run: of the others, nobody knows what is their own.
	State StackState

	// For tests that have no AWS; nil for AWS.
	listAccounts   func(context.Context) (map[string]accountstate.Account, error)
	findTaken      func(context.Context, taken.Query) ([]taken.Thing, error)
	findUnrecorded func(id string) []string
	listInspected  func(region string) []string

	findLacks func(organization.People) (lacks, without []string, unknown error)

	findCosts func(tags []string) (costs.Found, error)

	findDefaultVPCs  func(id, role string) (defaultvpcs.Found, error)
	clearDefaultVPCs clearing
}

// StackState returns a stack's state; nil if the backend has none.
type StackState func(ctx context.Context, stack string) (*apitype.DeploymentV3, error)

// states returns the states of the organization's accounts, by id.
func (a *AWS) states(ctx context.Context, org *organization.Organization) (map[string]accountstate.Account, error) {
	if a.listAccounts != nil {
		return a.listAccounts(ctx)
	}
	cfg, err := awsconfig.Load(ctx, a.Env, org.Region)
	if err != nil {
		return nil, err
	}
	return accountstate.List(ctx, cfg)
}

// taken returns what the accounts of the query have of what is about to be made in them.
func (a *AWS) taken(ctx context.Context, org *organization.Organization, q taken.Query) ([]taken.Thing, error) {
	if a.findTaken != nil {
		return a.findTaken(ctx, q)
	}
	cfg, err := awsconfig.Load(ctx, a.Env, org.Region)
	if err != nil {
		return nil, err
	}
	q.Organization, q.Config = org, cfg
	if a.State != nil {
		q.State = a.State
	} else {
		q.Accounts = slices.DeleteFunc(q.Accounts, func(a taken.Account) bool { return !a.First })
	}
	return taken.Find(ctx, q)
}

// inspected returns the ids of the accounts that are members of Inspector's administrator in a region; none if the account isn't the
// administrator there. Role enters the account.
func (a *AWS) inspected(ctx context.Context, region, id, role string) ([]string, error) {
	if a.listInspected != nil {
		return a.listInspected(region), nil
	}
	cfg, err := awsconfig.Load(ctx, a.Env, region)
	if err != nil {
		return nil, err
	}
	return appointed.InspectorMembers(ctx, cfg, id, awsconfig.Assume(cfg, role, sessionName))
}

// ways returns whom to ask about the ways by which people come in.
func (a *AWS) ways(ctx context.Context, q waysin.Query) (waysin.Query, error) {
	cfg, err := awsconfig.Load(ctx, a.Env, q.Organization.Region)
	q.Config = awsconfig.Patient(cfg)
	return q, err
}

// lacks returns what the declared way in doesn't have yet in AWS, so that nobody may lose the other way.
func (a *AWS) lacks(ctx context.Context, q waysin.Query) ([]string, error) {
	if a.findLacks != nil {
		lacks, _, _ := a.findLacks(q.Organization.WayIn())
		return lacks, nil
	}
	q, err := a.ways(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case q.Organization.OnlyIdentityCenter():
		return q.IdentityCenterLacks(ctx)
	}
	return q.IAMLacks(ctx)
}

// withoutMFA returns which of the IAM users can't show a second factor.
func (a *AWS) withoutMFA(ctx context.Context, q waysin.Query, users []string) ([]string, error) {
	if a.findLacks != nil {
		_, without, err := a.findLacks(q.Organization.WayIn())
		return without, err
	}
	q, err := a.ways(ctx, q)
	if err != nil {
		return nil, err
	}
	return q.WithoutMFA(ctx, users)
}

// unrecorded returns the allowed regions in which AWS Config doesn't record an account that the file doesn't declare. With an error, these
// are all of them. It enters the account by the role that AWS Organizations gives accounts.
func (a *AWS) unrecorded(ctx context.Context, org *organization.Organization, id string) ([]string, error) {
	if a.findUnrecorded != nil {
		return a.findUnrecorded(id), nil
	}
	cfg, err := awsconfig.Load(ctx, a.Env, org.Region)
	if err != nil {
		return org.Regions(), err
	}
	return taken.Unrecorded(ctx, awsconfig.Assume(cfg, organization.RoleARN(id, organization.AccessRole), sessionName), org.Regions())
}
