package program

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	inspectortypes "github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/appointed"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/defaultvpcs"
	"github.com/coldstart-aws/coldstart/internal/taken"
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
	listAccounts  func(context.Context) (map[string]accountstate.Account, error)
	findTaken     func(context.Context, taken.Query) ([]taken.Thing, error)
	listInspected func(region string) []string

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
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListMembers.html
func (a *AWS) inspected(ctx context.Context, region, id, role string) ([]string, error) {
	if a.listInspected != nil {
		return a.listInspected(region), nil
	}
	cfg, err := awsconfig.Load(ctx, a.Env, region)
	if err != nil {
		return nil, err
	}
	administrators, err := appointed.Inspector.Administrators(ctx, cfg)
	if err != nil || !slices.ContainsFunc(administrators, func(is appointed.Administrator) bool { return is.ID == id }) {
		return nil, err
	}
	var ids []string
	for pages := inspector2.NewListMembersPaginator(inspector2.NewFromConfig(awsconfig.Assume(cfg, role, sessionName)), &inspector2.ListMembersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if denied := (*inspectortypes.AccessDeniedException)(nil); errors.As(err, &denied) {
			return nil, nil // Inspector isn't on in the account itself.
		}
		if err != nil {
			return nil, err
		}
		for _, member := range page.Members {
			ids = append(ids, aws.ToString(member.AccountId))
		}
	}
	return ids, nil
}
