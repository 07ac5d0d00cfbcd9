package audit

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/internal/policy"
	"github.com/coldstart-aws/coldstart/internal/storage"
)

// ArchiveType is the component's type token.
const ArchiveType = "coldstart:audit:Archive"

// cloudTrail is the service that writes to the archive.
const cloudTrail = "cloudtrail.amazonaws.com"

// Days after which logs move to a cheaper class. That class bills at least
// coldMinimum days, so logs that expire sooner stay where they are.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
const (
	coldAfter   = 90
	coldMinimum = 90
)

// ArchiveArgs are the arguments of NewArchive.
type ArchiveArgs struct {
	// Name is <namespace>-<account>-trails: the key's alias and, with the
	// account's id behind it, the bucket's name.
	Name      string
	AccountID pulumi.StringInput
	// OrganizationID is whose trails may write.
	OrganizationID pulumi.StringInput
	// TrailARN is a pattern of the trails that may write.
	TrailARN pulumi.StringInput
	// RetentionDays is after how many days logs expire.
	RetentionDays int
	// LockDays is for how many days no one can delete or overwrite a log; 0
	// for no lock.
	LockDays int
	Tags     pulumi.StringMapInput
}

// Archive is the bucket that trails write to, and its key.
type Archive struct {
	pulumi.ResourceState

	// Bucket is known when trails are let in.
	Bucket pulumi.StringOutput
	KeyARN pulumi.StringOutput

	// Writable is what trails have to come after to be let in.
	Writable pulumi.CustomResource
}

// NewArchive declares the log archive.
func NewArchive(ctx *pulumi.Context, name string, args *ArchiveArgs, opts ...pulumi.ResourceOption) (*Archive, error) {
	a := &Archive{}
	if err := ctx.RegisterComponentResource(ArchiveType, name, a, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	inputs := []pulumi.StringInput{args.OrganizationID, args.TrailARN}
	key, err := storage.NewKey(ctx, name, storage.KeyArgs{
		Alias:     args.Name,
		AccountID: args.AccountID,
		For:       "logs of the organization's trails",
		Inputs:    inputs,
		Statements: func(v []string) []policy.Statement {
			return encrypting(v[0], v[1])
		},
		Tags: args.Tags,
	}, a)
	if err != nil {
		return nil, err
	}
	b, err := storage.New(ctx, name, storage.Args{
		Bucket: pulumi.Sprintf("%s-%s", args.Name, args.AccountID),
		KeyARN: key.Arn,
		Inputs: inputs,
		Statements: func(bucketARN string, v []string) []policy.Statement {
			return writing(bucketARN, v[0], v[1])
		},
		Rules:      retention(args.RetentionDays),
		ObjectLock: args.LockDays > 0,
		Tags:       args.Tags,
	}, a)
	if err != nil {
		return nil, err
	}
	if err := lock(ctx, name, b, args.LockDays, a); err != nil {
		return nil, err
	}
	a.Bucket, a.KeyARN, a.Writable = output.After(b.Name, b.Policy), key.Arn, b.Policy
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"bucket": a.Bucket, "keyArn": a.KeyARN})
}

// ours is the condition that a call of CloudTrail is for a trail of the
// organization: without it any account's trail could write (a confused deputy).
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cross-service-confused-deputy-prevention.html
func ours(organizationID, trailARN string) policy.Condition {
	return policy.Condition{
		"StringEquals": {"aws:SourceOrgID": {organizationID}},
		"ArnLike":      {"aws:SourceArn": {trailARN}},
	}
}

// writing lets the organization's trails write to the bucket.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func writing(bucketARN, organizationID, trailARN string) []policy.Statement {
	write := ours(organizationID, trailARN)
	write["StringEquals"]["s3:x-amz-acl"] = []string{"bucket-owner-full-control"}
	return []policy.Statement{
		{
			Sid:       "TrailsSeeTheBucket",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: cloudTrail},
			Action:    []string{"s3:GetBucketAcl"},
			Resource:  []string{bucketARN},
			Condition: ours(organizationID, trailARN),
		},
		{
			Sid:       "TrailsWrite",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: cloudTrail},
			Action:    []string{"s3:PutObject"},
			Resource:  []string{bucketARN + "/AWSLogs/*"},
			Condition: write,
		},
	}
}

// encrypting lets the organization's trails encrypt what they write, and
// nobody else's.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func encrypting(organizationID, trailARN string) []policy.Statement {
	encrypt := ours(organizationID, trailARN)
	encrypt["ArnLike"]["kms:EncryptionContext:aws:cloudtrail:arn"] = []string{trailARN}
	return []policy.Statement{
		{
			Sid:       "TrailsEncrypt",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: cloudTrail},
			Action:    []string{"kms:GenerateDataKey*"},
			Resource:  []string{"*"},
			Condition: encrypt,
		},
		{
			Sid:       "TrailsSeeTheKey",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: cloudTrail},
			Action:    []string{"kms:DescribeKey"},
			Resource:  []string{"*"},
			Condition: ours(organizationID, trailARN),
		},
	}
}

// retention expires logs, and what is left of replaced ones soon after.
func retention(days int) s3.BucketLifecycleConfigurationV2RuleArray {
	rule := s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String("expire-logs"),
		Status: pulumi.String("Enabled"),
		Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
		Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{
			Days: pulumi.Int(days),
		},
		NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
			NoncurrentDays: pulumi.Int(30),
		},
		AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
			DaysAfterInitiation: pulumi.Int(7),
		},
	}
	if days >= coldAfter+coldMinimum {
		rule.Transitions = s3.BucketLifecycleConfigurationV2RuleTransitionArray{
			s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
				Days:         pulumi.Int(coldAfter),
				StorageClass: pulumi.String("GLACIER_IR"),
			},
		}
	}
	return s3.BucketLifecycleConfigurationV2RuleArray{rule}
}

// lock keeps everybody, the root user included, from deleting a log before its
// time.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
func lock(ctx *pulumi.Context, name string, b *storage.Bucket, days int, parent pulumi.Resource) error {
	if days == 0 {
		return nil
	}
	_, err := s3.NewBucketObjectLockConfigurationV2(ctx, name, &s3.BucketObjectLockConfigurationV2Args{
		Bucket: b.Name,
		Rule: s3.BucketObjectLockConfigurationV2RuleArgs{
			DefaultRetention: s3.BucketObjectLockConfigurationV2RuleDefaultRetentionArgs{
				Mode: pulumi.String("COMPLIANCE"),
				Days: pulumi.Int(days),
			},
		},
	}, pulumi.Parent(parent), pulumi.DependsOn([]pulumi.Resource{b.Policy}))
	return err
}
