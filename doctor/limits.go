package doctor

import (
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
)

// defaultAccounts is AWS's default quota of accounts in an organization. The management account
// and closed accounts count. A new organization may have a lower quota.
var defaultAccounts = awslimits.Published().Accounts.Most

// maxSkew is how far a clock may differ from AWS's. AWS refuses requests that are signed at another
// time.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
const maxSkew = 5 * time.Minute

// The disk space that a run needs: for the AWS plugin, if Pulumi has to download it, and for
// previews of stacks in a scratch backend.
const (
	minimumSpace     = 100 << 20
	comfortableSpace = 1 << 30
)
