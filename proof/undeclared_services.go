package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guarddutytypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	inspectortypes "github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	macietypes "github.com/aws/aws-sdk-go-v2/service/macie2/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"github.com/coldstart-aws/coldstart/internal/appointed"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// administrators looks for members that administer a service and aren't declared to.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
func (s *Strangers) administrators(ctx context.Context, p *prover) {
	if p.err != nil || p.organization == nil {
		return // The accounts say so, or there is no organization yet.
	}
	trusted, err := trustedServices(ctx, p.master().organizations)
	for _, w := range watchers {
		declared, complete := p.org.DeclaredAdministrators(w.principal)
		if complete && w.appointed != nil && slices.Contains(trusted, w.principal) { // The organization trusts what has an administrator.
			s.appointed(ctx, p, w, declared)
		}
	}
	if err := errors.Join(err, s.delegated(ctx, p)); err != nil {
		s.omit("administrators of services", err)
	}
}

// delegated looks for members that AWS Organizations has as the administrators of services. It asks for the services of each member: a
// question by service is refused for a service that nobody can administer.
func (s *Strangers) delegated(ctx context.Context, p *prover) error {
	client := p.master().organizations
	members := organizations.NewListDelegatedAdministratorsPaginator(client, &organizations.ListDelegatedAdministratorsInput{})
	for members.HasMorePages() {
		page, err := members.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, member := range page.DelegatedAdministrators {
			services := organizations.NewListDelegatedServicesForAccountPaginator(client, &organizations.ListDelegatedServicesForAccountInput{AccountId: member.Id})
			for services.HasMorePages() {
				page, err := services.NextPage(ctx)
				if err != nil {
					return err
				}
				for _, service := range page.DelegatedServices {
					s.administers(p, aws.ToString(member.Id), aws.ToString(service.ServicePrincipal))
				}
			}
		}
	}
	return nil
}

// administers notes that a member administers a service, if the file is to say so and doesn't.
func (s *Strangers) administers(p *prover, id, service string) {
	declared, complete := p.org.DeclaredAdministrators(service)
	own := slices.ContainsFunc(watchers, func(w watcher) bool { return w.principal == service && w.appointed != nil })
	if !complete || own || p.declaredBy(declared, id) {
		return
	}
	s.add(organization.Master, SubjectOrganization, fmt.Sprintf("account %s administers %s for the organization", id, service), fmt.Sprintf(
		"write the account under coldstart:organization.delegatedAdministrators, or run `aws organizations deregister-delegated-administrator --account-id %s --service-principal %s`",
		id, service))
}

// appointed looks for administrators of a service that has a call of its own for them, in each allowed region.
func (s *Strangers) appointed(ctx context.Context, p *prover, w watcher, declared []string) {
	for _, region := range p.org.Regions() {
		administrators, err := p.appointed(ctx, *w.appointed, region)
		if err != nil {
			s.omit(fmt.Sprintf("administrators of %s in %s", w.name, region), err)
		}
		for _, a := range administrators {
			id := a.ID
			if p.declaredBy(declared, id) {
				continue
			}
			s.add(organization.Master, SubjectOrganization, fmt.Sprintf("account %s administers %s in %s", id, w.name, region), fmt.Sprintf(
				"write it under coldstart:security, or %s under coldstart:organization.trustedServices if somebody else sets the service up, or run `%s %s --region %s`",
				w.principal, w.appointed.Dismiss, id, region))
		}
	}
}

// declaredBy reports whether an id is that of one of the named accounts.
func (p *prover) declaredBy(names []string, id string) bool {
	return slices.ContainsFunc(p.accounts, func(a *account) bool { return a.id == id && slices.Contains(names, a.name) })
}

// appointed returns the accounts that administer a service in a region.
func (p *prover) appointed(ctx context.Context, s appointed.Service, region string) ([]appointed.Administrator, error) {
	cfg := p.master().cfg.Copy()
	cfg.Region = region
	return s.Administrators(ctx, cfg)
}

// checkAppointed checks that an account administers a service in a region.
func (p *prover) checkAppointed(ctx context.Context, s appointed.Service, a *account, region string) error {
	administrators, err := p.appointed(ctx, s, region)
	if err != nil {
		return err
	}
	var found []string
	for _, is := range administrators {
		if is.ID == a.id && is.Status == "ENABLED" {
			return nil
		}
		found = append(found, fmt.Sprintf("%s, which is %s", is.ID, is.Status))
	}
	return fmt.Errorf("the administrators are: %s", listed(found))
}

// watcher is a service that coldstart sets up by coldstart:security. It costs where it is on.
type watcher struct {
	name, principal string
	// find returns what the account has of the service in a region, and the command that turns it off; "" if it has nothing.
	find func(a *account, ctx context.Context, region string) (found, off string, err error)
	// appointed has a service's own call for its administrators. AWS Organizations has those of a service without one.
	appointed *appointed.Service
}

var watchers = []watcher{
	{"AWS Config", organization.ConfigService, (*account).anyRecorder, nil},
	{"GuardDuty", organization.GuardDutyService, (*account).anyDetector, &appointed.GuardDuty},
	{"Inspector", organization.InspectorService, (*account).anyScan, &appointed.Inspector},
	{"Macie", organization.MacieService, (*account).anySession, &appointed.Macie},
	{"Security Hub", organization.SecurityHubService, (*account).anyHub, &appointed.SecurityHub},
}

// undeclaredServices finds services that are on in the account, in an allowed region, and that nobody has declared.
func (p *prover) undeclaredServices(ctx context.Context, a *account) (found []Stranger, err error) {
	for _, w := range watchers {
		if !p.org.Unwatched(w.principal) {
			continue
		}
		for _, region := range p.org.Regions() {
			what, off, failed := w.find(a, ctx, region)
			if failed != nil {
				err = errors.Join(err, fmt.Errorf("%s in %s: %w", w.name, region, failed))
			}
			if what != "" {
				found = append(found, Stranger{a.name, SubjectSettings, fmt.Sprintf("%s in %s", what, region), fmt.Sprintf(
					"if somebody else sets it up, write %s under coldstart:organization.trustedServices; if nobody needs what it finds, run `%s --region %s` there: it costs",
					w.principal, off, region)})
			}
		}
	}
	packs, failed := p.undeclaredPacks(ctx, a)
	return append(found, packs...), errors.Join(err, failed)
}

// anyRecorder finds a recorder of AWS Config that is on.
// https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationRecorderStatus.html
func (a *account) anyRecorder(ctx context.Context, region string) (found, off string, err error) {
	client := configservice.NewFromConfig(a.cfg, func(o *configservice.Options) { o.Region = region })
	out, err := client.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
	if err != nil {
		return "", "", err
	}
	for _, r := range out.ConfigurationRecordersStatus {
		if r.Recording {
			return "recorder " + aws.ToString(r.Name) + " of AWS Config is on", "aws configservice stop-configuration-recorder --configuration-recorder-name " + aws.ToString(r.Name), nil
		}
	}
	return "", "", nil
}

// anyDetector finds a detector of GuardDuty, which finds nothing only if it is suspended.
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_suspend-disable.html
func (a *account) anyDetector(ctx context.Context, region string) (found, off string, err error) {
	client := a.guardDuty(region)
	out, err := client.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	if err != nil || len(out.DetectorIds) == 0 {
		return "", "", err
	}
	id := out.DetectorIds[0]
	detector, err := client.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &id})
	if err != nil || detector.Status != guarddutytypes.DetectorStatusEnabled {
		return "", "", err
	}
	return "GuardDuty is on", "aws guardduty delete-detector --detector-id " + id, nil
}

// anyHub finds AWS Security Hub.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html#API_DescribeHub_Errors
func (a *account) anyHub(ctx context.Context, region string) (found, off string, err error) {
	client := securityhub.NewFromConfig(a.cfg, func(o *securityhub.Options) { o.Region = region })
	_, err = client.DescribeHub(ctx, &securityhub.DescribeHubInput{})
	switch {
	case awserror.Is(err, awserror.SecurityHubOff):
		return "", "", nil
	case err != nil:
		return "", "", err
	}
	return "Security Hub is on", "aws securityhub disable-security-hub", nil
}

// anyScan finds a scan of Inspector's that is on.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
func (a *account) anyScan(ctx context.Context, region string) (found, off string, err error) {
	out, err := a.inspector(region).BatchGetAccountStatus(ctx, &inspector2.BatchGetAccountStatusInput{})
	if err != nil {
		return "", "", err
	}
	for _, is := range out.Accounts {
		if is.State != nil && is.State.Status == inspectortypes.StatusEnabled {
			return "Inspector is on", "aws inspector2 disable", nil
		}
	}
	return "", "", nil
}

// anySession finds Macie, which does nothing and costs nothing only if it is suspended.
// https://docs.aws.amazon.com/macie/latest/user/suspend-macie.html
func (a *account) anySession(ctx context.Context, region string) (found, off string, err error) {
	out, err := a.macie(region).GetMacieSession(ctx, &macie2.GetMacieSessionInput{})
	switch {
	case awserror.MacieOff(err):
		return "", "", nil
	case err != nil || out.Status != macietypes.MacieStatusEnabled:
		return "", "", err
	}
	return "Macie is on", "aws macie2 disable-macie", nil
}
