package automation

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
)

// DeleteRootKeys says how to delete the access keys of an account's root user.
const DeleteRootKeys = "sign in as root, then your name at the top right, Security credentials, Access keys, Deactivate, Delete"

// RootKeys reports whether the root user of the credentials' account has access
// keys: whoever has one can do everything, and no policy or second factor stops
// them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
func RootKeys(ctx context.Context, cfg aws.Config) (bool, error) {
	summary, err := iam.NewFromConfig(cfg).GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return false, err
	}
	return summary.SummaryMap[string(iamtypes.SummaryKeyTypeAccountAccessKeysPresent)] > 0, nil
}

// rootKeys warns of access keys of the management account's root user.
func (a *Automation) rootKeys(ctx context.Context) []string {
	cfg, err := awsconfig.Load(ctx, a.options.Env, a.org.Region)
	var present bool
	if err == nil {
		present, err = RootKeys(ctx, cfg)
	}
	switch {
	case err != nil:
		return []string{fmt.Sprintf("whether the management account's root user has access keys couldn't be found out: %v", err)}
	case present:
		return []string{"the management account's root user has access keys, which no policy binds; delete them: " + DeleteRootKeys}
	}
	return nil
}
