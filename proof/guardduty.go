package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guarddutytypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"github.com/coldstart-aws/coldstart/internal/appointed"
	"github.com/coldstart-aws/coldstart/organization"
)

// proveGuardDuty proves Amazon GuardDuty of the organization, in the account that administers it.
func (p *prover) proveGuardDuty(ctx context.Context, a *account) {
	if a.name != p.org.GuardDutyAccount() {
		return
	}
	for _, region := range p.org.Regions() {
		claim := func(text string, check func() error) { a.claim(SubjectSettings, text+", in "+region, check) }
		detector := sync.OnceValues(func() (string, error) { return a.detector(ctx, region) })
		ofDetector := func(check func(ctx context.Context, a *account, region, detectorID string) error) func() error {
			return func() error {
				id, err := detector()
				if err != nil {
					return err
				}
				return check(ctx, a, region, id)
			}
		}
		claim("GuardDuty of all accounts is administered here", func() error { return p.checkAppointed(ctx, appointed.GuardDuty, a, region) })
		claim("GuardDuty enables every account, those to come included, with the declared features", ofDetector(p.checkGuardDutyMembers))
		claim("GuardDuty is on in every account", ofDetector(p.checkWatchedByGuardDuty))
		if p.exports(organization.GuardDutyName) {
			claim("GuardDuty exports findings to the organization's bucket", ofDetector(p.checkExported))
		}
	}
}

// guardDuty returns a client for GuardDuty in a region.
func (a *account) guardDuty(region string) *guardduty.Client {
	return guardduty.NewFromConfig(a.cfg, func(o *guardduty.Options) { o.Region = region })
}

// detector returns the id of the account's detector in a region, which has to be on.
func (a *account) detector(ctx context.Context, region string) (string, error) {
	client := a.guardDuty(region)
	out, err := client.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
	switch {
	case err != nil:
		return "", err
	case len(out.DetectorIds) == 0:
		return "", errors.New("the account has no detector")
	}
	detector, err := client.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &out.DetectorIds[0]})
	if err == nil && detector.Status != guarddutytypes.DetectorStatusEnabled {
		err = fmt.Errorf("the account's detector is %s", detector.Status)
	}
	return out.DetectorIds[0], err
}

func (p *prover) checkGuardDutyMembers(ctx context.Context, a *account, region, id string) error {
	out, err := a.guardDuty(region).DescribeOrganizationConfiguration(ctx, &guardduty.DescribeOrganizationConfigurationInput{DetectorId: &id})
	if err != nil {
		return err
	}
	return enablesAll(out, p.org.Security.GuardDuty.Features)
}

// enablesAll checks that GuardDuty enables all accounts, with these features and no others of those that a file can turn on.
func enablesAll(out *guardduty.DescribeOrganizationConfigurationOutput, features []string) error {
	if out.AutoEnableOrganizationMembers != guarddutytypes.AutoEnableMembersAll {
		return fmt.Errorf("it enables the members %s", out.AutoEnableOrganizationMembers)
	}
	found := map[string]guarddutytypes.OrgFeatureStatus{}
	for _, f := range out.Features {
		found[string(f.Name)] = f.AutoEnable
	}
	for _, name := range organization.GuardDutyFeatures() {
		want := guarddutytypes.OrgFeatureStatusNone
		if slices.Contains(features, name) {
			want = guarddutytypes.OrgFeatureStatusAll
		}
		if found[name] != want {
			return fmt.Errorf("it enables %s for %q, and not for %s", name, found[name], want)
		}
	}
	return nil
}

// checkWatchedByGuardDuty checks that every active account is a member that is enabled, and the administrator's own detector is on.
func (p *prover) checkWatchedByGuardDuty(ctx context.Context, a *account, region, id string) error {
	enabled := []string{a.id}
	pages := guardduty.NewListMembersPaginator(a.guardDuty(region), &guardduty.ListMembersInput{DetectorId: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, m := range page.Members {
			if aws.ToString(m.RelationshipStatus) == "Enabled" {
				enabled = append(enabled, aws.ToString(m.AccountId))
			}
		}
	}
	if missing := p.activeBut(enabled); len(missing) > 0 {
		return remedied(fmt.Errorf("it is off in %s", listed(missing)),
			"AWS enables an account within a day, and most within minutes, so ask again then; if it stays off, look at the account in GuardDuty's console of account %s", a.name)
	}
	return nil
}

// checkExported checks that a detector exports findings to the bucket in the account of the archive.
func (p *prover) checkExported(ctx context.Context, a *account, region, id string) error {
	bucket, err := p.exportBucket(organization.GuardDutyName)
	if err != nil {
		return err
	}
	client := a.guardDuty(region)
	list, err := client.ListPublishingDestinations(ctx, &guardduty.ListPublishingDestinationsInput{DetectorId: &id})
	switch {
	case err != nil:
		return err
	case len(list.Destinations) == 0:
		return errors.New("the detector exports nothing")
	}
	out, err := client.DescribePublishingDestination(ctx, &guardduty.DescribePublishingDestinationInput{DetectorId: &id, DestinationId: list.Destinations[0].DestinationId})
	if err != nil {
		return err
	}
	switch {
	case out.DestinationProperties == nil || aws.ToString(out.DestinationProperties.DestinationArn) != "arn:aws:s3:::"+bucket:
		return errors.New("it exports them elsewhere")
	case out.Status != guarddutytypes.PublishingStatusPublishing:
		return fmt.Errorf("the export is %s", out.Status)
	}
	return nil
}
