package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
)

// proveConformancePacks proves the conformance packs of AWS Config, in the account that deploys them. AWS doesn't give a template back.
func (p *prover) proveConformancePacks(ctx context.Context, a *account) {
	if a.name != p.org.ConformanceAccount() {
		return
	}
	for _, region := range p.org.Regions() {
		client := a.config(region)
		for _, name := range p.org.PackNames() {
			pack, known := p.org.Security.ConformancePacks[name], p.org.Namespace+"-"+name
			a.claim(SubjectSettings, fmt.Sprintf("conformance pack %s has the declared parameters, in %s", known, region), func() error {
				return p.checkPack(ctx, client, known, pack)
			})
			a.claim(SubjectSettings, fmt.Sprintf("conformance pack %s is deployed to every account, in %s", known, region), func() error {
				return p.checkDeployed(ctx, client, known, pack)
			})
		}
	}
}

// config returns a client for AWS Config in a region.
func (a *account) config(region string) *configservice.Client {
	return configservice.NewFromConfig(a.cfg, func(o *configservice.Options) { o.Region = region })
}

// checkPack checks what a pack was deployed with.
func (p *prover) checkPack(ctx context.Context, client *configservice.Client, name string, want organization.ConformancePack) error {
	out, err := client.DescribeOrganizationConformancePacks(ctx, &configservice.DescribeOrganizationConformancePacksInput{OrganizationConformancePackNames: []string{name}})
	if err != nil {
		return err
	}
	for _, is := range out.OrganizationConformancePacks {
		parameters := map[string]string{}
		for _, parameter := range is.ConformancePackInputParameters {
			parameters[aws.ToString(parameter.ParameterName)] = aws.ToString(parameter.ParameterValue)
		}
		switch {
		case !maps.Equal(parameters, want.Parameters):
			return fmt.Errorf("the parameters are %v", parameters)
		case !sameSet(is.ExcludedAccounts, p.excluded(want)):
			return fmt.Errorf("it excludes %s", listed(is.ExcludedAccounts))
		}
	}
	return nil
}

// excluded returns the ids of the accounts that don't get a pack.
func (p *prover) excluded(pack organization.ConformancePack) (ids []string) {
	for _, name := range pack.Exclude {
		id := name
		for _, a := range p.accounts {
			if a.name == name {
				id = a.id
			}
		}
		ids = append(ids, id)
	}
	return ids
}

// checkDeployed checks that a pack is in each active account that isn't excluded. AWS's documents speak of member accounts, so the management
// account needn't have it; if AWS has tried to deploy it there, it is to be there.
// https://docs.aws.amazon.com/config/latest/APIReference/API_GetOrganizationConformancePackDetailedStatus.html
func (p *prover) checkDeployed(ctx context.Context, client *configservice.Client, name string, pack organization.ConformancePack) error {
	var statuses []configtypes.OrganizationConformancePackDetailedStatus
	pages := configservice.NewGetOrganizationConformancePackDetailedStatusPaginator(client, &configservice.GetOrganizationConformancePackDetailedStatusInput{OrganizationConformancePackName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		statuses = append(statuses, page.OrganizationConformancePackDetailedStatuses...)
	}
	var want []string
	for _, m := range p.members {
		if id := aws.ToString(m.Id); accountstate.Of(m).Active() && id != p.master().id && !slices.Contains(p.excluded(pack), id) {
			want = append(want, id)
		}
	}
	return deployed(statuses, want)
}

// deployed checks the status of a pack in each account.
func deployed(statuses []configtypes.OrganizationConformancePackDetailedStatus, want []string) error {
	has := map[string]bool{}
	var wrong []string
	for _, s := range statuses {
		id := aws.ToString(s.AccountId)
		has[id] = true
		if !strings.HasSuffix(string(s.Status), "_SUCCESSFUL") {
			wrong = append(wrong, fmt.Sprintf("account %s: %s %s %s", id, s.Status, aws.ToString(s.ErrorCode), aws.ToString(s.ErrorMessage)))
		}
	}
	for _, id := range want {
		if !has[id] {
			wrong = append(wrong, fmt.Sprintf("account %s doesn't have it", id))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return remedied(errors.New(strings.Join(wrong, "; ")),
		"turn AWS Config on in these accounts. An account that is new gets the pack by itself. For others write them under exclude, run `coldstart up`, take them out, and run it again")
}

// undeclaredPacks finds conformance packs of the organization that the account has deployed and nobody has declared. AWS shows them to no
// other account.
// https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConformancePacks.html
func (p *prover) undeclaredPacks(ctx context.Context, a *account) (found []Stranger, err error) {
	deploys := a.name == organization.Master || a.name == p.org.AdministratorOf(organization.ConfigSetupService)
	if !deploys || slices.Contains(p.org.Settings.TrustedServices, organization.ConfigSetupService) {
		return nil, nil
	}
	for _, region := range p.org.Regions() {
		pages := configservice.NewDescribeOrganizationConformancePacksPaginator(a.config(region), &configservice.DescribeOrganizationConformancePacksInput{})
		for pages.HasMorePages() {
			page, failed := pages.NextPage(ctx)
			if denied := (*configtypes.OrganizationAccessDeniedException)(nil); errors.As(failed, &denied) {
				break // The organization doesn't let AWS Config deploy anything.
			}
			if failed != nil {
				err = errors.Join(err, fmt.Errorf("conformance packs in %s: %w", region, failed))
				break
			}
			for _, pack := range page.OrganizationConformancePacks {
				name := aws.ToString(pack.OrganizationConformancePackName)
				own, prefixed := strings.CutPrefix(name, p.org.Namespace+"-")
				if _, declared := p.org.Security.ConformancePacks[own]; prefixed && declared && a.name == p.org.ConformanceAccount() {
					continue
				}
				found = append(found, Stranger{a.name, SubjectSettings, fmt.Sprintf("conformance pack %s of the organization in %s", name, region), fmt.Sprintf(
					"if somebody else deploys it, write %s under coldstart:organization.trustedServices; if nobody needs it, run `aws configservice delete-organization-conformance-pack --organization-conformance-pack-name %s --region %s` there: it costs",
					organization.ConfigSetupService, name, region)})
			}
		}
	}
	return found, err
}
