package doctor

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// describe finds the organization that the credentials' account is in.
func (x *examiner) describe(ctx context.Context) []Finding {
	described, err := x.organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	var none *types.AWSOrganizationsNotInUseException
	switch {
	case errors.As(err, &none):
		return ok("none yet: coldstart creates it")
	case err != nil:
		return failure(orAgain(err, "give the caller AdministratorAccess: coldstart creates or adopts an organization"), "whether there is one isn't known: %s", said(err))
	}
	x.organization = described.Organization
	return ok("%s: coldstart adopts it", aws.ToString(x.organization.Id))
}

func (x *examiner) organizations() *organizations.Client {
	cfg := x.cfg.Copy()
	cfg.Region = globalRegion
	return organizations.NewFromConfig(cfg)
}

// management finds out whether the account is the management account, or can become one.
func (x *examiner) management(context.Context) []Finding {
	if x.organization == nil {
		return ok("%s, this account, becomes it", x.accountID)
	}
	if id := aws.ToString(x.organization.MasterAccountId); id != x.accountID {
		return failure("run with credentials of "+id+"; or, for an organization of its own, with those of an account that is in none",
			"%s, this account, is a member of organization %s, whose management account is %s (%s)",
			x.accountID, aws.ToString(x.organization.Id), id, aws.ToString(x.organization.MasterAccountEmail))
	}
	return ok("%s, this account", x.accountID)
}

// features finds out whether the organization supports policies and organization trails.
func (x *examiner) features(context.Context) []Finding {
	switch {
	case x.organization == nil:
		return ok("all, when it is created")
	case x.organization.FeatureSet != types.OrganizationFeatureSetAll:
		return failure("`aws organizations enable-all-features`; every account that was invited has to agree, and then the management account: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_org_support-all-features.html",
			"consolidated billing only: no guardrails, no organization trail")
	}
	return ok("all")
}

// guardrails says how close the declaration is to AWS's limits. Loading the declaration refuses one
// that exceeds them.
func (x *examiner) guardrails(context.Context) []Finding {
	h := x.org.LargestGuardrail()
	if h.Of == "" {
		return ok("none are declared")
	}
	return ok("%s is the largest: %d of %d characters", h.Of, h.Used, h.Max)
}

func (x *examiner) groups(context.Context) []Finding {
	h := x.org.MostGroups()
	if h.Of == "" {
		return ok("no user is in a group")
	}
	return ok("%s is in the most: %d of %d", h.Of, h.Used, h.Max)
}
