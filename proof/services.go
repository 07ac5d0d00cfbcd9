package proof

import (
	"context"
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
}

// organizationServices has a row for each service that coldstart sets up in the account that
// administers it.
var organizationServices = []organizationService{
	{
		principal: organization.AnalyzerService, part: "analyzer", does: "analyzes who reaches the organization from outside",
		check: (*account).checkAnalyzer,
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
