package program

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
)

// service is one that coldstart sets up for the whole organization.
type service struct {
	principal string
	// name begins the names of its components.
	name string
	// used reports whether the organization has the service.
	used func(*organization.Organization) bool
	// declare declares what the service has in one region; nil if there is nothing. O is nil in
	// the stack of a member.
	declare func(a *account, name string, o *accounts.Organization, in pulumi.ResourceOption) error
	// declareOnce declares what the service has in the organization's region alone; nil if there is nothing.
	declareOnce func(a *account, o *accounts.Organization) error
}

// services has a row for each service that coldstart sets up in the account that administers
// it, and that has something in each region. organization/services.go has their principals.
var services = []service{
	{principal: organization.AnalyzerService, name: "analyzer", used: func(*organization.Organization) bool { return true }, declare: (*account).declareAnalyzer, declareOnce: (*account).declareUnusedAccess},
	{principal: organization.ConfigService, name: organization.AggregatorName, used: (*organization.Organization).Recorded, declareOnce: (*account).declareAggregator},
	{principal: organization.ConfigSetupService, name: organization.ConformanceName, used: func(o *organization.Organization) bool { return o.ConformanceAccount() != "" }},
}

// unmanaged returns an error if the organization lacks something and the AWS plugin
// can't give it that, since it doesn't know a type of policies that is enabled there.
func unmanaged(existing *accounts.Existing, services, policyTypes []string) error {
	types := existing.Unmanaged()
	services, policyTypes = existing.Missing(services, policyTypes)
	if len(types) == 0 || len(services)+len(policyTypes) == 0 {
		return nil
	}
	var commands []string
	for _, service := range services {
		commands = append(commands, "aws organizations enable-aws-service-access --service-principal "+service)
	}
	for _, t := range policyTypes {
		commands = append(commands, "aws organizations enable-policy-type --root-id r-… --policy-type "+t)
	}
	return fmt.Errorf("the organization has policies of type %s enabled, which the AWS plugin doesn't know and would disable, so coldstart leaves the organization's own settings alone; it lacks some: run `%s`, then run again",
		strings.Join(types, " and "), strings.Join(commands, "`, `"))
}

// declareAdministrators declares which members administer services, and returns
// their ids by service, known when they do.
func (m *master) declareAdministrators() (pulumi.StringMap, error) {
	ids := pulumi.StringMap{}
	administrators := m.org.Administrators()
	for _, service := range slices.Sorted(maps.Keys(administrators)) {
		administrator := administrators[service]
		// AWS registers no closed account.
		if s := m.standings[administrator]; s.state.GivenUp() && s.state != accountstate.Suspended {
			text := fmt.Sprintf("coldstart:organization.delegatedAdministrators: account %s, which is to administer %s, is %s: name another one, or none", administrator, service, s.state)
			if err := m.ctx.Log.Warn(text, nil); err != nil {
				return nil, err
			}
			continue
		}
		if !m.organization.Trusts(service) {
			if err := follows(m.ctx, "the administrator of "+service, service); err != nil {
				return nil, err
			}
			continue
		}
		delegated, err := accounts.NewDelegated(m.ctx, service, &accounts.DelegatedArgs{
			Service:   service,
			AccountID: m.members[administrator].ID,
			Trusted:   m.organization,
		}, m.in())
		if err != nil {
			return nil, err
		}
		ids[service] = delegated.AccountID
	}
	return ids, nil
}

// follows says that something waits until an adopted organization trusts a
// service.
func follows(ctx *pulumi.Context, what, service string) error {
	return ctx.Log.Info(fmt.Sprintf("%s follows with the next update, when the adopted organization trusts %s", what, service), nil)
}

// declareServices sets up the services that the account administers, in each region. O is nil
// in the stack of a member.
func (a *account) declareServices(o *accounts.Organization) error {
	for _, s := range services {
		if !s.used(a.org.Organization) || a.name != a.org.AdministratorOf(s.principal) {
			continue
		}
		if o != nil && !o.Trusts(s.principal) {
			if err := follows(a.ctx, "the "+s.name, s.principal); err != nil {
				return err
			}
			continue
		}
		if s.declareOnce != nil {
			if err := s.declareOnce(a, o); err != nil {
				return err
			}
		}
		if s.declare == nil {
			continue
		}
		if err := s.declare(a, s.name, o, a.in()); err != nil {
			return err
		}
		for _, region := range a.org.OtherRegions() {
			if err := s.declare(a, s.name+"-"+region, o, pulumi.Providers(a.regions[region])); err != nil {
				return err
			}
		}
	}
	return nil
}

// declareAnalyzer declares the organization's analyzer of one region, since an analyzer
// looks at its own region.
func (a *account) declareAnalyzer(name string, o *accounts.Organization, in pulumi.ResourceOption) error {
	_, err := accounts.NewAnalyzer(a.ctx, name, &accounts.AnalyzerArgs{Name: a.named("analyzer"), Trusted: o, Tags: a.tags()}, in)
	return err
}

// declareUnusedAccess declares the analyzer of what nobody uses. IAM is the same in all regions, so one region has it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-create-unused.html
func (a *account) declareUnusedAccess(o *accounts.Organization) error {
	days := a.org.Security.UnusedAccessDays
	if days == 0 {
		return nil
	}
	_, err := accounts.NewAnalyzer(a.ctx, organization.UnusedAccessName, &accounts.AnalyzerArgs{
		Name: a.named(organization.UnusedAccessName), Trusted: o, UnusedAccessDays: days, Tags: a.tags(),
	}, a.in())
	return err
}

// declareAggregator declares what shows the resources of all accounts and allowed regions in one place.
func (a *account) declareAggregator(o *accounts.Organization) error {
	_, err := accounts.NewAggregator(a.ctx, organization.AggregatorName, &accounts.AggregatorArgs{
		Name: a.named(organization.AggregatorName), AccountID: a.id(), Regions: a.org.Regions(), Trusted: o, Tags: a.tags(),
	}, a.in())
	return err
}
