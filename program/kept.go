package program

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/stackref"
)

// kept finds what an earlier life of a stack has left in its account: destroying a
// stack deletes no key and no bucket that holds anything. What is found is taken over,
// so that a key goes on opening what it has encrypted.
type kept struct {
	ctx      *pulumi.Context
	org      *declaration
	provider *aws.Provider
	// none says that there is nothing to find: an update came to its end, so the
	// state has all; or nothing may be asked of the account.
	none bool
}

// keptBy returns what finds the things that the stack of a member has left.
func keptBy(ctx *pulumi.Context, org *declaration, provider *aws.Provider, previous *stackref.Account) kept {
	plan := org.settings.Plan
	return kept{ctx: ctx, org: org, provider: provider, none: previous != nil || plan != nil && plan.Unmade}
}

// store finds the bucket <name>-<account id> and the key with the alias <name>. It returns the
// key's id and the bucket's name; empty for what AWS doesn't have.
func (k kept) store(name string) (keyID, bucket string, err error) {
	key, err := k.key(name)
	if err != nil || key.Id == "" {
		return "", "", err // There never was a bucket without a key.
	}
	bucket = name + "-" + key.AwsAccountId
	_, err = s3.LookupBucket(k.ctx, &s3.LookupBucketArgs{Bucket: bucket}, pulumi.Provider(k.provider))
	switch {
	case err == nil:
		return key.Id, bucket, nil
	case awserror.NoKeyOrBucket(err):
		return key.Id, "", nil
	default:
		return "", "", fmt.Errorf("looking for the bucket %s: %w", bucket, err)
	}
}

// key finds the key that has an alias, for this run to take over as it is. Its id is empty if there is no such alias, or if
// a preview can't know the account yet. A key that is pending deletion is an error,
// which says how to get the key back.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys-scheduling-key-deletion.html
func (k kept) key(name string) (*kms.LookupKeyResult, error) {
	if k.none {
		return &kms.LookupKeyResult{}, nil
	}
	alias := "alias/" + name
	key, err := kms.LookupKey(k.ctx, &kms.LookupKeyArgs{KeyId: alias}, pulumi.Provider(k.provider))
	switch {
	case awserror.NoKeyOrBucket(err):
		return &kms.LookupKeyResult{}, nil
	case err != nil:
		return nil, fmt.Errorf("looking for the key %s: %w", alias, err)
	case key.KeyState == "PendingDeletion":
		return nil, fmt.Errorf("key %s (%s) will be deleted on %s, and what it has encrypted will be lost then: "+
			"to keep the key, run `aws kms cancel-key-deletion --key-id %[2]s` and `aws kms enable-key --key-id %[2]s`; "+
			"if nothing is needed that it has encrypted, run `aws kms delete-alias --alias-name %[1]s`; both with credentials of the key's account",
			alias, key.Arn, key.DeletionDate)
	}
	k.org.adopting = true
	return key, nil
}
