package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/macie2/types"

	"github.com/coldstart-aws/coldstart/internal/appointed"
	"github.com/coldstart-aws/coldstart/organization"
)

// proveMacie proves Amazon Macie of the organization: in the account that administers it, and in the management account, which is no member.
func (p *prover) proveMacie(ctx context.Context, a *account) {
	administrator := p.org.MacieAccount()
	if administrator == "" {
		return
	}
	for _, region := range p.org.Regions() {
		claim := func(text string, check func() error) { a.claim(SubjectSettings, text+", in "+region, check) }
		if a.name == administrator || a.name == organization.Master {
			claim("Macie is on", func() error { return a.checkMacie(ctx, region) })
		}
		if a.name != administrator {
			continue
		}
		claim("Macie of all members is administered here", func() error { return p.checkAppointed(ctx, appointed.Macie, a, region) })
		claim("Macie is turned on for accounts to come", func() error { return a.checkMacieMembers(ctx, region) })
		claim("Macie is on in every member", func() error { return p.checkClassified(ctx, a, region) })
		if p.exports(organization.MacieName) {
			claim("Macie writes what it discovers to the organization's bucket", func() error { return p.checkDiscoveries(ctx, a, region) })
		}
	}
}

// macie returns a client for Macie in a region.
func (a *account) macie(region string) *macie2.Client {
	return macie2.NewFromConfig(a.cfg, func(o *macie2.Options) { o.Region = region })
}

func (a *account) checkMacie(ctx context.Context, region string) error {
	out, err := a.macie(region).GetMacieSession(ctx, &macie2.GetMacieSessionInput{})
	if err == nil && out.Status != types.MacieStatusEnabled {
		err = fmt.Errorf("it is %s", out.Status)
	}
	return err
}

func (a *account) checkMacieMembers(ctx context.Context, region string) error {
	out, err := a.macie(region).DescribeOrganizationConfiguration(ctx, &macie2.DescribeOrganizationConfigurationInput{})
	if err == nil && !aws.ToBool(out.AutoEnable) {
		err = errors.New("accounts to come get nothing")
	}
	return err
}

// checkClassified checks that every active account but the management account is a member, or the administrator.
func (p *prover) checkClassified(ctx context.Context, a *account, region string) error {
	enabled := []string{a.id, p.masterID}
	pages := macie2.NewListMembersPaginator(a.macie(region), &macie2.ListMembersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, m := range page.Members {
			if m.RelationshipStatus == types.RelationshipStatusEnabled {
				enabled = append(enabled, aws.ToString(m.AccountId))
			}
		}
	}
	if missing := p.activeBut(enabled); len(missing) > 0 {
		return remedied(fmt.Errorf("these accounts are no members: %s", listed(missing)),
			"run `coldstart up`; an account that the file doesn't declare is added in Macie's console of account %s", a.name)
	}
	return nil
}

// checkDiscoveries checks that Macie writes to the bucket in the account of the archive.
func (p *prover) checkDiscoveries(ctx context.Context, a *account, region string) error {
	bucket, err := p.exportBucket(organization.MacieName)
	if err != nil {
		return err
	}
	out, err := a.macie(region).GetClassificationExportConfiguration(ctx, &macie2.GetClassificationExportConfigurationInput{})
	switch {
	case err != nil:
		return err
	case out.Configuration == nil || out.Configuration.S3Destination == nil:
		return errors.New("it writes nowhere")
	case aws.ToString(out.Configuration.S3Destination.BucketName) != bucket:
		return errors.New("it writes elsewhere")
	}
	return nil
}
