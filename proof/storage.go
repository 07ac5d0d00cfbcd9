package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// proveBucket proves what all buckets of coldstart have in common. alias names the key that
// encrypts the bucket.
func (a *account) proveBucket(ctx context.Context, subject Subject, bucket, alias string) {
	for _, c := range []struct {
		claim string
		check func(ctx context.Context, bucket string) error
	}{
		{"bucket is in the account", a.checkOwned},
		{"bucket is closed to the public", a.checkPrivate},
		{"bucket enforces its owner", a.checkOwnership},
		{"bucket is versioned", a.checkVersioned},
		{"bucket is encrypted with the key " + alias, func(ctx context.Context, bucket string) error {
			return a.checkEncrypted(ctx, bucket, alias)
		}},
		{"bucket refuses whatever doesn't come by TLS", a.checkTLS},
	} {
		a.claim(subject, c.claim, func() error { return c.check(ctx, bucket) })
	}
}

// checkOwned looks for the bucket in the account's own list. The name alone proves nothing, because
// all AWS accounts share the names of buckets.
func (a *account) checkOwned(ctx context.Context, bucket string) error {
	names, err := a.buckets(ctx, bucket)
	if err != nil {
		return err
	}
	if !slices.Contains(names, bucket) {
		return fmt.Errorf("the account has no bucket %s", bucket)
	}
	return nil
}

// buckets returns the account's buckets whose names start with prefix.
func (a *account) buckets(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	pages := s3.NewListBucketsPaginator(a.s3, &s3.ListBucketsInput{Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Buckets {
			if strings.HasPrefix(aws.ToString(b.Name), prefix) {
				names = append(names, aws.ToString(b.Name))
			}
		}
	}
	return names, nil
}

func (a *account) checkPrivate(ctx context.Context, bucket string) error {
	out, err := a.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	return blocksAll(out.PublicAccessBlockConfiguration)
}

func blocksAll(block *s3types.PublicAccessBlockConfiguration) error {
	if block == nil {
		block = &s3types.PublicAccessBlockConfiguration{}
	}
	var open []string
	for _, b := range []struct {
		name string
		on   *bool
	}{
		{"BlockPublicAcls", block.BlockPublicAcls},
		{"BlockPublicPolicy", block.BlockPublicPolicy},
		{"IgnorePublicAcls", block.IgnorePublicAcls},
		{"RestrictPublicBuckets", block.RestrictPublicBuckets},
	} {
		if !aws.ToBool(b.on) {
			open = append(open, b.name)
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("not set: %s", strings.Join(open, ", "))
	}
	return nil
}

func (a *account) checkOwnership(ctx context.Context, bucket string) error {
	out, err := a.s3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	if out.OwnershipControls == nil || len(out.OwnershipControls.Rules) != 1 ||
		out.OwnershipControls.Rules[0].ObjectOwnership != s3types.ObjectOwnershipBucketOwnerEnforced {
		return fmt.Errorf("its ownership isn't %s", s3types.ObjectOwnershipBucketOwnerEnforced)
	}
	return nil
}

func (a *account) checkVersioned(ctx context.Context, bucket string) error {
	out, err := a.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	if out.Status != s3types.BucketVersioningStatusEnabled {
		return fmt.Errorf("its versioning is %q", out.Status)
	}
	return nil
}

func (a *account) checkEncrypted(ctx context.Context, bucket, alias string) error {
	key, err := a.key(ctx, alias)
	if err != nil {
		return err
	}
	out, err := a.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	return encryptsWith(out.ServerSideEncryptionConfiguration, key)
}

// errBucketKey says that a bucket has an S3 Bucket Key.
var errBucketKey = errors.New("it has an S3 Bucket Key")

func (a *account) checkNoBucketKey(ctx context.Context, bucket string) error {
	out, err := a.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	return hasNoBucketKey(out.ServerSideEncryptionConfiguration)
}

func hasNoBucketKey(c *s3types.ServerSideEncryptionConfiguration) error {
	if c != nil && slices.ContainsFunc(c.Rules, func(r s3types.ServerSideEncryptionRule) bool { return aws.ToBool(r.BucketKeyEnabled) }) {
		return errBucketKey
	}
	return nil
}

func encryptsWith(c *s3types.ServerSideEncryptionConfiguration, key *kmstypes.KeyMetadata) error {
	if c == nil || len(c.Rules) != 1 || c.Rules[0].ApplyServerSideEncryptionByDefault == nil {
		return errors.New("it has no default encryption")
	}
	by := c.Rules[0].ApplyServerSideEncryptionByDefault
	used := aws.ToString(by.KMSMasterKeyID)
	switch {
	case by.SSEAlgorithm != s3types.ServerSideEncryptionAwsKms:
		return fmt.Errorf("it is encrypted with %s", by.SSEAlgorithm)
	case used != aws.ToString(key.Arn) && used != aws.ToString(key.KeyId):
		return fmt.Errorf("it is encrypted with the key %q, and not %s", used, aws.ToString(key.Arn))
	}
	return nil
}

func (a *account) checkTLS(ctx context.Context, bucket string) error {
	policy, err := a.bucketPolicy(ctx, bucket)
	if err != nil {
		return err
	}
	return policy.deniesPlaintext(bucket)
}

func (a *account) bucketPolicy(ctx context.Context, bucket string) (*policyDocument, error) {
	out, err := a.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket, ExpectedBucketOwner: &a.id})
	if err != nil {
		return nil, err
	}
	return parsePolicy(aws.ToString(out.Policy))
}

// proveKey proves what all keys of coldstart have in common.
func (a *account) proveKey(ctx context.Context, subject Subject, alias string) {
	a.claim(subject, "key "+alias+" is enabled", func() error {
		_, err := a.key(ctx, alias)
		return err
	})
	a.claim(subject, "key "+alias+" is rotated", func() error { return a.checkRotated(ctx, alias) })
	a.claim(subject, "key "+alias+" has no double", func() error { return a.checkSingle(ctx, alias) })
}

// key returns the enabled key with an alias.
func (a *account) key(ctx context.Context, alias string) (*kmstypes.KeyMetadata, error) {
	out, err := a.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &alias})
	if err != nil {
		return nil, err
	}
	if out.KeyMetadata.KeyState != kmstypes.KeyStateEnabled {
		return nil, fmt.Errorf("the key %s is %s", alias, out.KeyMetadata.KeyState)
	}
	return out.KeyMetadata, nil
}

func (a *account) checkRotated(ctx context.Context, alias string) error {
	key, err := a.key(ctx, alias)
	if err != nil {
		return err
	}
	out, err := a.kms.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: key.KeyId})
	if err != nil {
		return err
	}
	if !out.KeyRotationEnabled {
		return errors.New("rotation is off")
	}
	return nil
}

// checkSingle looks for other keys with the same description. A run leaves one if it is killed
// before it notes what it has created, and AWS charges for each key.
func (a *account) checkSingle(ctx context.Context, alias string) error {
	key, err := a.key(ctx, alias)
	if err != nil {
		return err
	}
	var doubles []string
	pages := kms.NewListKeysPaginator(a.kms, &kms.ListKeysInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, k := range page.Keys {
			out, err := a.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
			if err != nil {
				return err
			}
			if isDouble(out.KeyMetadata, key) {
				doubles = append(doubles, aws.ToString(k.KeyId))
			}
		}
	}
	if len(doubles) > 0 {
		return fmt.Errorf("%q is what %s describes too", aws.ToString(key.Description), strings.Join(doubles, ", "))
	}
	return nil
}

func isDouble(k, key *kmstypes.KeyMetadata) bool {
	return aws.ToString(k.KeyId) != aws.ToString(key.KeyId) &&
		k.KeyManager == kmstypes.KeyManagerTypeCustomer &&
		k.KeyState == kmstypes.KeyStateEnabled &&
		aws.ToString(k.Description) == aws.ToString(key.Description)
}
