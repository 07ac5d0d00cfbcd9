package automation

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
)

// rootKeys warns of access keys of the management account's root user: whoever
// has one can do everything, and no policy or second factor stops them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
func (a *Automation) rootKeys(ctx context.Context) []string {
	cfg, err := awsconfig.Load(ctx, a.options.Env, a.org.Region)
	var summary *iam.GetAccountSummaryOutput
	if err == nil {
		summary, err = iam.NewFromConfig(cfg).GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	}
	switch {
	case err != nil:
		return []string{fmt.Sprintf("whether the management account's root user has access keys couldn't be found out: %v", err)}
	case summary.SummaryMap[string(iamtypes.SummaryKeyTypeAccountAccessKeysPresent)] > 0:
		return []string{"the management account's root user has access keys, which no policy binds; delete them: " +
			"sign in as root, then your name at the top right, Security credentials, Access keys, Deactivate, Delete"}
	}
	return nil
}
