// Package storage declares S3 buckets and KMS keys as all of coldstart's are: private,
// versioned, encrypted with a key of its own, and reached by TLS only.
package storage

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/policy"
)

// keyDeletionDays is how long a deleted key can be had back, if a person deletes it:
// the longest that KMS offers, since what the key encrypted is lost with the key.
const keyDeletionDays = 30

// Existing is what there is already of a bucket and its key, from an earlier life of
// the stack that declares them. The zero value is nothing.
type Existing struct {
	// Key is the key's id, and Bucket the bucket's name.
	Key, Bucket string
}

// Args are what buckets differ in.
type Args struct {
	// Bucket is its global name.
	Bucket pulumi.StringInput
	// KeyARN is the key that encrypts it.
	KeyARN pulumi.StringInput
	// Statements returns what its policy has besides the TLS rule, given the
	// bucket's ARN and the values of Inputs.
	Statements func(bucketARN string, inputs []string) []policy.Statement
	Inputs     []pulumi.StringInput
	// Rules expire what is no longer needed.
	Rules s3.BucketLifecycleConfigurationV2RuleArray
	// NoBucketKey asks KMS for each object by itself. With an S3 Bucket Key,
	// whoever writes has to be allowed to decrypt as well.
	NoBucketKey bool
	// Existing is the bucket's name if there is such a bucket already, which is then
	// taken over; empty if there is none.
	Existing string
	Tags     pulumi.StringMapInput
}

// Bucket is a declared bucket.
type Bucket struct {
	Name pulumi.StringOutput
	ARN  pulumi.StringOutput
	// Policy has to be there before a service may write to the bucket.
	Policy *s3.BucketPolicy
	// Ready have to be there before anything is written, so that it is encrypted
	// with the bucket's key and kept in versions.
	Ready []pulumi.Resource
}

// New declares a bucket and all that hardens it, as children of parent.
//
// Pulumi alone doesn't delete them: a bucket that holds anything can't be deleted, and
// would lose what hardens it before AWS says so. `coldstart destroy` deletes buckets
// that it has seen to be empty.
func New(ctx *pulumi.Context, name string, args Args, parent pulumi.Resource) (*Bucket, error) {
	child := pulumi.Composite(pulumi.Parent(parent), pulumi.RetainOnDelete(true))
	// S3 turns object lock on for a bucket that is there already. The provider would
	// replace the bucket for it, so it isn't asked to compare.
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
				// One call to KMS for many objects.
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
	// Rules for noncurrent versions need versioning first.
	if _, err := s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: b.ID(),
		Rules:  args.Rules,
	}, child, pulumi.DependsOn([]pulumi.Resource{versioning})); err != nil {
		return nil, err
	}
	// S3 refuses concurrent changes of a bucket's policy and public access block.
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

// KeyArgs are what keys differ in.
type KeyArgs struct {
	// Alias is the key's name, without alias/.
	Alias string
	// AccountID is the account whose IAM policies decide about the key.
	AccountID pulumi.StringInput
	// For says what the key encrypts.
	For string
	// Existing is the id of the key that has the alias already, which is then taken
	// over; empty if there is none.
	Existing string
	// Statements returns what the key's policy has besides the account's own
	// rule, given the values of Inputs.
	Statements func(inputs []string) []policy.Statement
	Inputs     []pulumi.StringInput
	Tags       pulumi.StringMapInput
}

// NewKey declares a KMS key with yearly rotation and an alias, as children of
// parent.
//
// No destroy deletes them: whatever the key has encrypted would be lost, be it in a
// bucket that stays, in a copy or in another stack's state, and the alias may be the
// name by which a stack's secrets are opened (awskms://alias/…). They only leave
// Pulumi's state, and the next update takes them over by the alias.
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

// adopt returns the options that import what has the given id, if there is one. An
// import has to match: the named properties, those that AWS doesn't have among them, are
// left as they are, and brought in line by the next update.
func adopt(id string, leave ...string) []pulumi.ResourceOption {
	if id == "" {
		return nil
	}
	return []pulumi.ResourceOption{pulumi.Import(pulumi.ID(id)), pulumi.IgnoreChanges(leave)}
}
