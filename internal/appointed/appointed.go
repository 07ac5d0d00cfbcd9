// Package appointed asks who administers a service of AWS's for the organization, for services that have a call of their own for it.
package appointed

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	inspectortypes "github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// Service is such a service.
type Service struct {
	// Name is the service's name for people.
	Name string
	// Dismiss is the command by which the management account takes the administration away, up to the administrator's id.
	Dismiss string
	// Administrators returns the accounts that administer the service in the configuration's region. The management account asks.
	Administrators func(context.Context, aws.Config) ([]Administrator, error)
}

// Administrator is an account that administers a service. Its status is ENABLED, or that its administration ends.
type Administrator struct{ ID, Status string }

// The services that coldstart appoints an administrator of.
var (
	// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_ListOrganizationAdminAccounts.html
	GuardDuty = Service{"GuardDuty", "aws guardduty disable-organization-admin-account --admin-account-id", func(ctx context.Context, cfg aws.Config) (all []Administrator, err error) {
		out, err := guardduty.NewFromConfig(cfg).ListOrganizationAdminAccounts(ctx, &guardduty.ListOrganizationAdminAccountsInput{})
		if err != nil {
			return nil, err
		}
		for _, a := range out.AdminAccounts {
			all = append(all, Administrator{aws.ToString(a.AdminAccountId), string(a.AdminStatus)})
		}
		return all, nil
	}}

	// https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListDelegatedAdminAccounts.html
	Inspector = Service{"Inspector", "aws inspector2 disable-delegated-admin-account --delegated-admin-account-id", func(ctx context.Context, cfg aws.Config) (all []Administrator, err error) {
		out, err := inspector2.NewFromConfig(cfg).ListDelegatedAdminAccounts(ctx, &inspector2.ListDelegatedAdminAccountsInput{})
		if err != nil {
			return nil, err
		}
		for _, a := range out.DelegatedAdminAccounts {
			all = append(all, Administrator{aws.ToString(a.AccountId), string(a.Status)})
		}
		return all, nil
	}}

	// Without Macie of its own, the management account can't ask.
	// https://docs.aws.amazon.com/macie/latest/APIReference/admin.html
	Macie = Service{"Macie", "aws macie2 disable-organization-admin-account --admin-account-id", func(ctx context.Context, cfg aws.Config) (all []Administrator, err error) {
		out, err := macie2.NewFromConfig(cfg).ListOrganizationAdminAccounts(ctx, &macie2.ListOrganizationAdminAccountsInput{})
		switch {
		case awserror.MacieOff(err):
			return nil, nil
		case err != nil:
			return nil, err
		}
		for _, a := range out.AdminAccounts {
			all = append(all, Administrator{aws.ToString(a.AccountId), string(a.Status)})
		}
		return all, nil
	}}

	// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_ListOrganizationAdminAccounts.html
	SecurityHub = Service{"Security Hub", "aws securityhub disable-organization-admin-account --admin-account-id", func(ctx context.Context, cfg aws.Config) (all []Administrator, err error) {
		out, err := securityhub.NewFromConfig(cfg).ListOrganizationAdminAccounts(ctx, &securityhub.ListOrganizationAdminAccountsInput{})
		if err != nil {
			return nil, err
		}
		for _, a := range out.AdminAccounts {
			all = append(all, Administrator{aws.ToString(a.AccountId), string(a.Status)})
		}
		return all, nil
	}}
)

// InspectorMembers returns the ids of the members of Inspector's administrator in the configurations' region. It returns none if the account
// with the id isn't the administrator there, or hasn't Inspector itself. The management account and that account ask.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListMembers.html
func InspectorMembers(ctx context.Context, management aws.Config, id string, administrator aws.Config) (ids []string, err error) {
	administrators, err := Inspector.Administrators(ctx, management)
	if err != nil || !slices.ContainsFunc(administrators, func(is Administrator) bool { return is.ID == id }) {
		return nil, err
	}
	for pages := inspector2.NewListMembersPaginator(inspector2.NewFromConfig(administrator), &inspector2.ListMembersInput{}); pages.HasMorePages(); {
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
