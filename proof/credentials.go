package proof

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// CheckCredentials checks that the credentials are those of an organization's management account,
// as Prove needs them. Every account of an organization may ask which account that is.
func CheckCredentials(ctx context.Context, org *organization.Organization, o Options) error {
	cfg, err := load(ctx, org, o)
	if err != nil {
		return err
	}
	c := newClients(cfg)
	self, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("asking AWS whose credentials these are: %w; `aws sts get-caller-identity` has to work first", err)
	}
	out, err := c.organizations.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	switch {
	case awserror.Is(err, awserror.OrganizationsNotInUse):
		return fmt.Errorf("account %s, whose credentials these are, is in no organization yet: run `coldstart up` first, or use credentials of the account that manages it",
			aws.ToString(self.Account))
	case err != nil:
		return fmt.Errorf("asking AWS which organization account %s is in: %w", aws.ToString(self.Account), err)
	}
	if manager := aws.ToString(out.Organization.MasterAccountId); manager != aws.ToString(self.Account) {
		return fmt.Errorf("these are credentials of account %s (%s), a member of organization %s: use those of its management account, %s (%s)",
			aws.ToString(self.Account), aws.ToString(self.Arn), aws.ToString(out.Organization.Id), manager, aws.ToString(out.Organization.MasterAccountEmail))
	}
	return nil
}
