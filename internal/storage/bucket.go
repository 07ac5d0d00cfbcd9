// Package storage declares S3 buckets and KMS keys as every component of coldstart needs them:
// private, versioned, encrypted with a key of its own, TLS only, and kept by a destroy.
//
//	key, err := storage.NewKey(ctx, "key", storage.KeyArgs{Alias: name, …}, parent)
//	bucket, err := storage.New(ctx, "bucket", storage.Args{Bucket: name, KeyARN: key.Arn}, parent)
package storage

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/policy"
)

// keyDeletionDays is for how many days a person can cancel the deletion of a key. It is the longest
// time that KMS offers, because what the key has encrypted is lost with the key.
const keyDeletionDays = 30

// Args are the arguments of New.
type Args struct {
	// Bucket is the bucket's name, which no other bucket in AWS may have.
	Bucket pulumi.StringInput
	// KeyARN is the key that encrypts the bucket.
	KeyARN pulumi.StringInput
	// Statements returns the statements of the bucket policy besides the TLS rule. It gets the
	// bucket's ARN and the values of Inputs.
	Statements func(bucketARN string, inputs []string) []policy.Statement
	Inputs     []pulumi.StringInput
	// Rules are lifecycle rules that delete what is no longer needed.
	Rules s3.BucketLifecycleConfigurationV2RuleArray
	// NoBucketKey has S3 call KMS for each object. With an S3 Bucket Key, a principal that writes
	// has to be allowed to decrypt as well.
	NoBucketKey bool
	// Existing is the name of a bucket that exists and is imported; empty if there is none.
	Existing string
	Tags     pulumi.StringMapInput
}

// Bucket is a declared bucket.
type Bucket struct {
	Name pulumi.StringOutput
	ARN  pulumi.StringOutput
	// Policy is the bucket policy. It has to exist before a service can write to the bucket.
	Policy *s3.BucketPolicy
	// Ready are the resources that have to exist before anything is written, so that every object
	// is encrypted with the bucket's key and versioned.
	Ready []pulumi.Resource
}

// New declares a bucket and its protections as children of parent.
//
// Plain Pulumi doesn't delete them. AWS refuses to delete a bucket that holds anything, but Pulumi
// would delete the bucket's protections before AWS says so. `coldstart destroy` deletes buckets
// that it has found empty.
func New(ctx *pulumi.Context, name string, args Args, parent pulumi.Resource) (*Bucket, error) {
	child := pulumi.Composite(pulumi.Parent(parent), pulumi.RetainOnDelete(true))
	// S3 can turn on Object Lock for a bucket that exists, but the provider would replace the
	// bucket. So Pulumi ignores differences in this property.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
	b, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{
		Bucket: args.Bucket.ToStringOutput().ToStringPtrOutput(),
		Tags:   args.Tags,
	}, append(adopt(args.Existing, "forceDestroy", "tags"), child, pulumi.IgnoreChanges([]string{"objectLockEnabled"}))...)
	if err != nil {
		return nil, err
	}
	if _, err := s3.NewBucketOwnershipControls(ctx, name, &s3.BucketOwnershipControlsArgs{
		Bucket: b.ID(),
		Rule:   s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, child); err != nil {
		return nil, err
	}
	block, err := s3.NewBucketPublicAccessBlock(ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket:                b.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, child)
	if err != nil {
		return nil, err
	}
	versioning, err := s3.NewBucketVersioningV2(ctx, name, &s3.BucketVersioningV2Args{
		Bucket:                  b.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
	}, child)
	if err != nil {
		return nil, err
	}
	encryption, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: b.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{
			s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
				// With a Bucket Key, S3 makes one call to KMS for many objects.
				BucketKeyEnabled: pulumi.Bool(!args.NoBucketKey),
				ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
					SseAlgorithm:   pulumi.String("aws:kms"),
					KmsMasterKeyId: args.KeyARN.ToStringOutput().ToStringPtrOutput(),
				},
			},
		},
	}, child)
	if err != nil {
		return nil, err
	}
	// S3 accepts rules for noncurrent versions only when versioning is on.
	if _, err := s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: b.ID(),
		Rules:  args.Rules,
	}, child, pulumi.DependsOn([]pulumi.Resource{versioning})); err != nil {
		return nil, err
	}
	// S3 refuses concurrent changes to a bucket's policy and its public access block.
	p, err := s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{
		Bucket: b.ID(),
		Policy: bucketPolicy(b.Arn, args),
	}, child, pulumi.DependsOn([]pulumi.Resource{block}))
	if err != nil {
		return nil, err
	}
	return &Bucket{Name: b.ID().ToStringOutput(), ARN: b.Arn, Policy: p, Ready: []pulumi.Resource{encryption, versioning}}, nil
}

func bucketPolicy(arn pulumi.StringOutput, args Args) pulumi.StringOutput {
	return output.Policy(func(v []string) policy.Document {
		statements := []policy.Statement{denyPlaintext(v[0])}
		if args.Statements != nil {
			statements = append(statements, args.Statements(v[0], v[1:])...)
		}
		return policy.Document{Statements: statements}
	}, append([]pulumi.StringInput{arn}, args.Inputs...)...)
}

// KeyArgs are the arguments of NewKey.
type KeyArgs struct {
	// Alias is the key's alias, without alias/.
	Alias string
	// AccountID is the account whose IAM policies can grant access to the key.
	AccountID pulumi.StringInput
	// For says what the key encrypts. It becomes the key's description.
	For string
	// Existing is the id of a key that has the alias and is imported; empty if there is none.
	Existing string
	// Statements returns the statements of the key policy besides the account's own. It gets the
	// values of Inputs.
	Statements func(inputs []string) []policy.Statement
	Inputs     []pulumi.StringInput
	Tags       pulumi.StringMapInput
}

// NewKey declares a KMS key with yearly rotation and an alias, as children of parent.
//
// A destroy never deletes the key, because whatever the key has encrypted would be lost: in a
// bucket that stays, in a copy, or in another stack's state. It never deletes the alias either,
// because a stack's secrets may name the key by it (awskms://alias/…). Both leave only Pulumi's
// state, and the next update imports them by the alias.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func NewKey(ctx *pulumi.Context, name string, args KeyArgs, parent pulumi.Resource) (*kms.Key, error) {
	alias := "alias/" + args.Alias
	stays := pulumi.Composite(pulumi.Parent(parent), pulumi.RetainOnDelete(true))
	adoptedAlias := ""
	if args.Existing != "" {
		adoptedAlias = alias
	}
	key, err := kms.NewKey(ctx, name, &kms.KeyArgs{
		Description:          pulumi.String(fmt.Sprintf("%s: %s", args.Alias, args.For)),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(keyDeletionDays),
		Policy: output.Policy(func(v []string) policy.Document {
			statements := []policy.Statement{administeredBy(v[0])}
			if args.Statements != nil {
				statements = append(statements, args.Statements(v[1:])...)
			}
			return policy.Document{Statements: statements}
		}, append([]pulumi.StringInput{args.AccountID}, args.Inputs...)...),
		Tags: args.Tags,
	}, append(adopt(args.Existing,
		"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays", "description", "enableKeyRotation", "policy", "tags"), stays)...)
	if err != nil {
		return nil, err
	}
	_, err = kms.NewAlias(ctx, name, &kms.AliasArgs{
		Name:        pulumi.String(alias),
		TargetKeyId: key.KeyId,
	}, append(adopt(adoptedAlias), stays)...)
	return key, err
}

// adopt returns the options that import the resource with the id; none if id is empty. An import
// has to match AWS, so the named properties are ignored, also those that AWS doesn't return. The
// next update changes them.
func adopt(id string, leave ...string) []pulumi.ResourceOption {
	if id == "" {
		return nil
	}
	return []pulumi.ResourceOption{pulumi.Import(pulumi.ID(id)), pulumi.IgnoreChanges(leave)}
}
