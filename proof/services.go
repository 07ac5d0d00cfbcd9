package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	analyzertypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// organizationService is a service that coldstart sets up for the whole organization.
type organizationService struct {
	principal string
	// part is the last part of the name of the resource that the service has in each region.
	part string
	// does says in a claim what the resource does.
	does string
	// check looks for the resource in a region.
	check func(a *account, ctx context.Context, name, region string) error
	// proveOnce proves what the service has in the organization's region alone; nil if there is nothing.
	proveOnce func(p *prover, ctx context.Context, a *account)
}

// organizationServices has a row for each service that coldstart sets up in the account that
// administers it.
var organizationServices = []organizationService{
	{
		principal: organization.AnalyzerService, part: "analyzer", does: "analyzes who reaches the organization from outside",
		check: (*account).checkAnalyzer, proveOnce: (*prover).proveUnusedAccess,
	},
}

// proveServices proves the services that the account administers.
func (p *prover) proveServices(ctx context.Context, a *account, regions []string) {
	for _, s := range organizationServices {
		if a.name != p.org.AdministratorOf(s.principal) {
			continue
		}
		name := p.org.Name(a.name, s.part)
		for _, region := range regions {
			a.claim(SubjectSettings, fmt.Sprintf("%s %s, in %s", name, s.does, region), func() error {
				return s.check(a, ctx, name, region)
			})
		}
		if s.proveOnce != nil {
			s.proveOnce(p, ctx, a)
		}
	}
}

func (a *account) checkAnalyzer(ctx context.Context, name, region string) error {
	var found []string
	pages := accessanalyzer.NewListAnalyzersPaginator(accessanalyzer.NewFromConfig(a.cfg),
		&accessanalyzer.ListAnalyzersInput{Type: analyzertypes.TypeOrganization})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, func(o *accessanalyzer.Options) { o.Region = region })
		if err != nil {
			return err
		}
		for _, analyzer := range page.Analyzers {
			if aws.ToString(analyzer.Name) == name && analyzer.Status == analyzertypes.AnalyzerStatusActive {
				return nil
			}
			found = append(found, fmt.Sprintf("%s, which is %s", aws.ToString(analyzer.Name), analyzer.Status))
		}
	}
	return fmt.Errorf("the organization's analyzers are: %s", listed(found))
}

// proveUnusedAccess proves the analyzer of what nobody uses.
func (p *prover) proveUnusedAccess(ctx context.Context, a *account) {
	days := p.org.Security.UnusedAccessDays
	if days == 0 {
		return
	}
	name := p.org.Name(a.name, organization.UnusedAccessName)
	a.claim(SubjectSettings, fmt.Sprintf("%s reports access that nobody has used for %d days", name, days), func() error {
		out, err := accessanalyzer.NewFromConfig(a.cfg).GetAnalyzer(ctx, &accessanalyzer.GetAnalyzerInput{AnalyzerName: &name}, func(o *accessanalyzer.Options) { o.Region = p.org.Region })
		if err != nil {
			return err
		}
		of, _ := out.Analyzer.Configuration.(*analyzertypes.AnalyzerConfigurationMemberUnusedAccess)
		switch {
		case out.Analyzer.Type != analyzertypes.TypeOrganizationUnusedAccess:
			return fmt.Errorf("it is an analyzer of type %s", out.Analyzer.Type)
		case out.Analyzer.Status != analyzertypes.AnalyzerStatusActive:
			return fmt.Errorf("it is %s", out.Analyzer.Status)
		case of == nil || aws.ToInt32(of.Value.UnusedAccessAge) != int32(days): //nolint:gosec // At most a year.
			return errors.New("it reports after another number of days")
		}
		return nil
	})
}
