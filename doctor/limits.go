package doctor

import "time"

// AWS's numbers that decide whether accounts can be created, and how fast.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
// as of November 2026.
const (
	// defaultAccounts is how many accounts an organization may have, the
	// management account and closed ones included, before AWS is asked for more.
	// A new one may have fewer.
	defaultAccounts = 10
	// createdAtOnce is how many CreateAccount takes without a pause, and
	// createdEvery how often it takes another.
	createdAtOnce = 3
	createdEvery  = 10 * time.Second
)

// maxSkew is how far a clock may be from AWS's before AWS refuses what is signed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
const maxSkew = 5 * time.Minute

// What a run needs of a disk: the AWS plugin, if Pulumi has to download it, and
// previews of stacks in a scratch backend.
const (
	minimumSpace     = 100 << 20
	comfortableSpace = 1 << 30
)

// creation returns how long AWS takes at least to accept the creation of n accounts.
func creation(n int) time.Duration {
	return time.Duration(max(0, n-createdAtOnce)) * createdEvery
}
