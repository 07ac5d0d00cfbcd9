// Package rootkeys looks for access keys of an account's root user.
package rootkeys

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Delete says how to delete the access keys of an account's root user.
const Delete = "sign in as root, then your name at the top right, Security credentials, Access keys, Deactivate, Delete"

// Present reports whether the root user of the credentials' account has access
// keys: whoever has one can do everything, and no policy or second factor stops
// them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
func Present(ctx context.Context, cfg aws.Config) (bool, error) {
	summary, err := iam.NewFromConfig(cfg).GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return false, err
	}
	return summary.SummaryMap[string(types.SummaryKeyTypeAccountAccessKeysPresent)] > 0, nil
}
