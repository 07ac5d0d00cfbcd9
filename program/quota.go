package program

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/organization"
)

// warnOfRoles says, before anything is made, that the management account needs more
// roles than IAM allows unless AWS was asked. Whether AWS was is for `coldstart
// doctor` to find out: the provider can't ask IAM.
func warnOfRoles(ctx *pulumi.Context, org *organization.Organization) error {
	n, most := len(org.MasterRoles()), awslimits.Published().Roles.Most
	if n <= most {
		return nil
	}
	return ctx.Log.Warn(fmt.Sprintf(
		"the management account gets %d IAM roles, one for each member among them, and IAM allows %d by default: before the first run, ask for more (Service Quotas, IAM, Roles per account, in us-east-1) and let `coldstart doctor` tell whether there are enough",
		n, most), nil)
}
