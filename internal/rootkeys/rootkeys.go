// Package rootkeys looks at how somebody comes in as an account's root user: by access keys, and with or without a second factor.
package rootkeys

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Register says how to register a second factor of an account's root user.
const Register = "sign in as root, then your name at the top right, Security credentials, Assign MFA device"

// Delete says how to delete the access keys of an account's root user.
const Delete = "sign in as root, then your name at the top right, Security credentials, Access keys, Deactivate, Delete"

// Present reports whether the root user of the credentials' account has access
// keys: whoever has one can do everything, and no policy or second factor stops
// them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html
func Present(ctx context.Context, cfg aws.Config) (bool, error) {
	return counts(ctx, cfg, types.SummaryKeyTypeAccountAccessKeysPresent)
}

// Guarded reports whether the root user of the credentials' account has a second factor. No API registers one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-mfa-for-root.html
func Guarded(ctx context.Context, cfg aws.Config) (bool, error) {
	return counts(ctx, cfg, types.SummaryKeyTypeAccountMFAEnabled)
}

// counts reports whether IAM's summary of the account has something at all.
func counts(ctx context.Context, cfg aws.Config, what types.SummaryKeyType) (bool, error) {
	summary, err := iam.NewFromConfig(cfg).GetAccountSummary(ctx, &iam.GetAccountSummaryInput{})
	if err != nil {
		return false, err
	}
	return summary.SummaryMap[string(what)] > 0, nil
}
