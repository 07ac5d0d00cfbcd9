package taken

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/appointed"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// appointing is a service that has a call of its own for its administrator.
type appointing struct {
	appointed.Service
	// declared returns the account that administers it by the file; empty for none.
	declared func(*organization.Organization) string
}

var (
	ofGuardDuty   = appointing{appointed.GuardDuty, (*organization.Organization).GuardDutyAccount}
	ofInspector   = appointing{appointed.Inspector, (*organization.Organization).InspectorAccount}
	ofMacie       = appointing{appointed.Macie, (*organization.Organization).MacieAccount}
	ofSecurityHub = appointing{appointed.SecurityHub, (*organization.Organization).SecurityHubAccount}
)

// appoints reports whether the account is the management account, which makes a member the service's administrator.
func (s appointing) appoints(l looker) bool { return l.master() && s.declared(l.org) != "" }

// others finds the regions in which the service has another administrator than the declared one. AWS has one for all regions.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_EnableOrganizationAdminAccount.html
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_EnableDelegatedAdminAccount.html
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-notes.html
// https://docs.aws.amazon.com/securityhub/latest/userguide/designate-orgs-admin-account.html
func (s appointing) others(ctx context.Context, l looker) ([]string, error) {
	client := organizations.NewFromConfig(l.cfg)
	var texts []string
	declared := s.declared(l.org)
	for _, region := range l.regions() {
		administrators, err := s.Administrators(ctx, l.in(region))
		if err != nil {
			if _, none := client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}); awserror.Is(none, awserror.OrganizationsNotInUse) {
				return nil, nil // Without an organization nobody administers it.
			}
			return nil, err
		}
		for _, a := range administrators {
			id := a.ID
			account, err := client.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &id})
			if err != nil {
				return nil, err
			}
			if strings.EqualFold(aws.ToString(account.Account.Email), l.org.AccountEmail(declared)) {
				continue
			}
			texts = append(texts, fmt.Sprintf("has account %s (%s) as %s's administrator in %s, and the file has %s: AWS refuses a second one; "+
				"write that account under coldstart:security.account, or run `%s %[2]s --region %[4]s`, which leaves %[3]s on in each account by itself",
				aws.ToString(account.Account.Name), id, s.Name, region, declared, s.Dismiss))
		}
	}
	return texts, nil
}

// registered finds accounts that AWS Organizations has as Macie's administrator besides the declared one. Macie takes no other one meanwhile,
// and doesn't end a registration itself.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-admin-change.html
func registered(ctx context.Context, l looker) ([]string, error) {
	out, err := organizations.NewFromConfig(l.cfg).ListDelegatedAdministrators(ctx, &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: aws.String(organization.MacieService)})
	switch {
	case awserror.Is(err, awserror.OrganizationsNotInUse):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var texts []string
	for _, a := range out.DelegatedAdministrators {
		if !strings.EqualFold(aws.ToString(a.Email), l.org.AccountEmail(l.org.MacieAccount())) {
			texts = append(texts, fmt.Sprintf("has account %s (%s) registered in AWS Organizations as Macie's administrator, and the file has %s: AWS refuses a second one; "+
				"write that account under coldstart:security.account, or, when it doesn't administer Macie in any region any more, run `aws organizations deregister-delegated-administrator --account-id %[2]s --service-principal %[4]s`",
				aws.ToString(a.Name), aws.ToString(a.Id), l.org.MacieAccount(), organization.MacieService))
		}
	}
	return texts, nil
}

// sessions finds Macie in the accounts that coldstart turns it on in, and where it writes what it discovers. That of the management account is
// in the state of the administrator's stack, so it is somebody else's as long as nobody administers Macie.
// https://docs.aws.amazon.com/macie/latest/APIReference/macie.html
func sessions(ctx context.Context, l looker) ([]string, error) {
	var texts []string
	for _, region := range l.regions() {
		client := macie2.NewFromConfig(l.in(region))
		_, err := client.GetMacieSession(ctx, &macie2.GetMacieSessionInput{})
		if awserror.MacieOff(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if l.master() {
			if administrators, err := ofMacie.Administrators(ctx, l.in(region)); err != nil || len(administrators) > 0 {
				return texts, err
			}
		}
		texts = append(texts, fmt.Sprintf("has Macie in %s: coldstart takes it over, with its findings", region))
		export, err := client.GetClassificationExportConfiguration(ctx, &macie2.GetClassificationExportConfigurationInput{})
		if err != nil {
			return nil, err
		}
		if to := export.Configuration.S3Destination; to != nil && !l.master() && l.org.Security.Macie.Export {
			texts = append(texts, fmt.Sprintf("has Macie write what it discovers in %s to bucket %s: coldstart has it write to the organization's bucket", region, aws.ToString(to.BucketName)))
		}
	}
	return texts, nil
}

// hub finds Security Hub in the account that is to administer it.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableSecurityHub.html
func hub(ctx context.Context, l looker) ([]string, error) {
	_, err := securityhub.NewFromConfig(l.cfg).DescribeHub(ctx, &securityhub.DescribeHubInput{})
	switch {
	case awserror.Is(err, awserror.SecurityHubOff):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []string{fmt.Sprintf("has Security Hub in %s: coldstart takes it over, with its findings", l.org.Region)}, nil
}

// closed finds closed accounts, with which Security Hub's configuration of all accounts ends FAILED, if it isn't on yet.
// https://docs.aws.amazon.com/securityhub/latest/userguide/view-policy.html
// https://github.com/hashicorp/terraform-provider-aws/issues/40510
func closed(ctx context.Context, l looker) ([]string, error) {
	client := organizations.NewFromConfig(l.cfg)
	var names []string
	pages := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if awserror.Is(err, awserror.OrganizationsNotInUse) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, a := range page.Accounts {
			if !accountstate.Of(a).Active() {
				names = append(names, fmt.Sprintf("%s (%s)", aws.ToString(a.Name), aws.ToString(a.Id)))
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	if administrators, err := ofSecurityHub.Administrators(ctx, l.cfg); err != nil || len(administrators) > 0 {
		return nil, err // It is on already, and nothing is associated again.
	}
	slices.Sort(names)
	return []string{fmt.Sprintf("has closed accounts in the organization, %s, with which AWS can't turn Security Hub on for all: "+
		"leave coldstart:security.securityHub out until AWS has deleted them, 90 days after they were closed", strings.Join(names, ", "))}, nil
}
