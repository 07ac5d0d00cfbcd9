package live

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
)

// session is the session name that CloudTrail records.
const session = "coldstart-can"

// Accounts finds the declared accounts in AWS, the management account first, whose credentials the environment has to have.
// Members are entered by their access roles. The error names all accounts that AWS doesn't have.
func Accounts(ctx context.Context, org *organization.Organization, env map[string]string) ([]Account, error) {
	cfg, err := awsconfig.Load(ctx, env, org.Region)
	if err != nil {
		return nil, fmt.Errorf("finding AWS credentials: %w", err)
	}
	cfg = awsconfig.Patient(cfg)
	client := organizations.NewFromConfig(cfg)
	described, err := client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return nil, fmt.Errorf("asking AWS which organization this is: %w", err)
	}
	var members []types.Account
	pages := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking AWS for the organization's accounts: %w", err)
		}
		members = append(members, page.Accounts...)
	}
	accounts := []Account{{Name: organization.Master, ID: aws.ToString(described.Organization.MasterAccountId), Config: cfg}}
	var missing []error
	for _, name := range org.AccountNames() {
		id := idOf(members, org.Accounts[name].ID, org.AccountEmail(name))
		if id == "" {
			missing = append(missing, fmt.Errorf("AWS has no active account %s (%s): `coldstart verify` says more", name, org.AccountEmail(name)))
			continue
		}
		accounts = append(accounts, Account{Name: name, ID: id, Config: awsconfig.Assume(cfg, organization.RoleARN(id, org.AccessRoleOf(name)), session)})
	}
	return accounts, errors.Join(missing...)
}

// idOf returns the id of the active account with an id, if one is declared, or else with an address; empty if there is none.
func idOf(members []types.Account, id, email string) string {
	for _, m := range members {
		declared := aws.ToString(m.Id) == id || id == "" && strings.EqualFold(aws.ToString(m.Email), email)
		if declared && accountstate.Of(m).Active() {
			return aws.ToString(m.Id)
		}
	}
	return ""
}
