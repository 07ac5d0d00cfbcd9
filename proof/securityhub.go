package proof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	hubtypes "github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/appointed"
)

// proveSecurityHub proves AWS Security Hub of the organization, in the account that administers it.
func (p *prover) proveSecurityHub(ctx context.Context, a *account) {
	if a.name != p.org.SecurityHubAccount() {
		return
	}
	client := securityhub.NewFromConfig(a.cfg)
	a.claim(SubjectSettings, "Security Hub of all accounts is administered here", func() error { return p.checkAppointed(ctx, appointed.SecurityHub, a, p.org.Region) })
	a.claim(SubjectSettings, "Security Hub has the findings of every allowed region here", func() error { return p.checkAggregator(ctx, client) })
	a.claim(SubjectSettings, "Security Hub configures every account, those to come included, with the declared standards", func() error {
		return p.checkHubPolicies(ctx, client)
	})
	a.claim(SubjectSettings, "Security Hub is on in every account", func() error { return p.checkHubAccounts(ctx, client) })
}

func (p *prover) checkAggregator(ctx context.Context, client *securityhub.Client) error {
	all, err := client.ListFindingAggregators(ctx, &securityhub.ListFindingAggregatorsInput{})
	switch {
	case err != nil:
		return err
	case len(all.FindingAggregators) == 0:
		return errors.New("there is no finding aggregator")
	}
	out, err := client.GetFindingAggregator(ctx, &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: all.FindingAggregators[0].FindingAggregatorArn})
	if err != nil {
		return err
	}
	if home := aws.ToString(out.FindingAggregationRegion); home != p.org.Region {
		return fmt.Errorf("the findings of all regions are in %s", home)
	}
	want, mode := slices.Sorted(slices.Values(p.org.OtherRegions())), "SPECIFIED_REGIONS"
	if len(want) == 0 {
		mode = "NO_REGIONS"
	}
	if is := slices.Sorted(slices.Values(out.Regions)); aws.ToString(out.RegionLinkingMode) != mode || !slices.Equal(is, want) {
		return fmt.Errorf("it links %s, by %s", listed(is), aws.ToString(out.RegionLinkingMode))
	}
	return nil
}

// checkHubPolicies checks that the administrator configures all accounts, and what it configures for the root and for the units that
// have standards of their own.
func (p *prover) checkHubPolicies(ctx context.Context, client *securityhub.Client) error {
	of, err := client.DescribeOrganizationConfiguration(ctx, &securityhub.DescribeOrganizationConfigurationInput{})
	if err != nil {
		return err
	}
	if is := of.OrganizationConfiguration; is == nil || is.ConfigurationType != hubtypes.OrganizationConfigurationConfigurationTypeCentral || is.Status != hubtypes.OrganizationConfigurationStatusEnabled {
		return fmt.Errorf("the administrator doesn't configure accounts centrally: %+v", is)
	}
	errs := []error{p.checkStandards(ctx, client, "", p.org.Security.SecurityHub.Standards)}
	for _, key := range p.org.UnitNames() {
		if standards := p.org.Units[key].Standards; standards != nil {
			errs = append(errs, p.checkStandards(ctx, client, key, standards))
		}
	}
	return errors.Join(errs...)
}

// checkStandards checks the standards of a unit's own configuration policy; of the root's if the key is empty.
func (p *prover) checkStandards(ctx context.Context, client *securityhub.Client, key string, want []string) error {
	id, err := p.unitID(key)
	if err != nil {
		return err
	}
	var target hubtypes.Target = &hubtypes.TargetMemberRootId{Value: id}
	if key != "" {
		target = &hubtypes.TargetMemberOrganizationalUnitId{Value: id}
	}
	association, err := client.GetConfigurationPolicyAssociation(ctx, &securityhub.GetConfigurationPolicyAssociationInput{Target: target})
	if err != nil {
		return err
	}
	if association.AssociationType != hubtypes.AssociationTypeApplied {
		return fmt.Errorf("%s has no configuration policy of its own", id)
	}
	out, err := client.GetConfigurationPolicy(ctx, &securityhub.GetConfigurationPolicyInput{Identifier: association.ConfigurationPolicyId})
	if err != nil {
		return err
	}
	is, ok := out.ConfigurationPolicy.(*hubtypes.PolicyMemberSecurityHub)
	if !ok || !aws.ToBool(is.Value.ServiceEnabled) {
		return fmt.Errorf("the policy %s of %s doesn't enable Security Hub", aws.ToString(out.Name), id)
	}
	var found []string
	for _, arn := range is.Value.EnabledStandardIdentifiers {
		_, name, _ := strings.Cut(arn, "::standards/")
		found = append(found, name)
	}
	if !slices.Equal(slices.Sorted(slices.Values(found)), slices.Sorted(slices.Values(want))) {
		return fmt.Errorf("the standards of %s are: %s", id, listed(found))
	}
	return nil
}

// checkHubAccounts checks that every active account has a configuration policy that AWS has applied.
func (p *prover) checkHubAccounts(ctx context.Context, client *securityhub.Client) error {
	applied, why := map[string]bool{}, map[string]string{}
	pages := securityhub.NewListConfigurationPolicyAssociationsPaginator(client, &securityhub.ListConfigurationPolicyAssociationsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, association := range page.ConfigurationPolicyAssociationSummaries {
			id := aws.ToString(association.TargetId)
			applied[id], why[id] = association.AssociationStatus == hubtypes.ConfigurationPolicyAssociationStatusSuccess, aws.ToString(association.AssociationStatusMessage)
		}
	}
	var missing []string
	for _, m := range p.members {
		if id := aws.ToString(m.Id); accountstate.Of(m).Active() && !applied[id] {
			missing = append(missing, fmt.Sprintf("%s (%s): %s", aws.ToString(m.Name), id, cmp.Or(why[id], "it has no configuration policy")))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return remedied(fmt.Errorf("it isn't in %s", listed(missing)),
		"AWS applies a configuration policy within a day, and mostly within minutes, so ask again then; docs/security.md says why it can fail in an account")
}
