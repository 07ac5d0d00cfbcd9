package audit

import (
	"cmp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/internal/storage"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// ArchiveType is the component's type token.
const ArchiveType = "coldstart:audit:Archive"

// Logs move to a cheaper storage class after coldAfter days. S3 bills objects in that class for at
// least coldMinimum days, so logs that expire sooner don't move.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
const (
	coldAfter   = 90
	coldMinimum = 90
)

// noncurrentDays is for how many days S3 keeps a log after somebody has deleted or overwritten it.
const noncurrentDays = 30

// ArchiveArgs are the arguments of NewArchive.
type ArchiveArgs struct {
	// Name is <namespace>-<account>-trails. It is the key's alias. The bucket's name is Name and
	// the account's id.
	Name      string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	// AccessRoleARN is the role that declares the archive. No other principal can change the
	// archive.
	AccessRoleARN pulumi.StringInput `required:"true"`
	// TrailARN is the trail that may write. If Owners is set, it is a pattern that several trails
	// match.
	TrailARN pulumi.StringInput `required:"true"`
	// Owners are the ids of the accounts whose trails may write. Nil means: the account of TrailARN
	// only.
	Owners []pulumi.StringInput
	// RetentionDays is the number of days after which a log expires; 0 for 365.
	RetentionDays int
	// LockDays is the number of days for which nobody can delete or overwrite a log; 0 means no
	// lock.
	LockDays int
	// ExistingKey is the id of a key that has the alias already, and ExistingBucket is Name and the
	// account's id if that bucket exists. Both are imported. Empty means that AWS has none.
	ExistingKey, ExistingBucket string
	Tags                        pulumi.StringMapInput
}

// Archive is the bucket that trails write to, and its key.
type Archive struct {
	pulumi.ResourceState

	// Bucket is the bucket's name. It is known when the archive is ready.
	Bucket    pulumi.StringOutput
	BucketARN pulumi.StringOutput
	KeyARN    pulumi.StringOutput

	// Ready are the resources that a trail has to depend on. When they exist, CloudTrail may write,
	// and every log is locked.
	Ready []pulumi.Resource
}

// NewArchive declares the log archive.
func NewArchive(ctx *pulumi.Context, name string, args *ArchiveArgs, opts ...pulumi.ResourceOption) (*Archive, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	a := &Archive{}
	if err := ctx.RegisterComponentResource(ArchiveType, name, a, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	inputs := append([]pulumi.StringInput{args.AccountID, args.AccessRoleARN, args.TrailARN}, args.Owners...)
	key, err := storage.NewKey(ctx, name, storage.KeyArgs{
		Alias:     args.Name,
		AccountID: args.AccountID,
		For:       "logs of the organization's trails",
		Existing:  args.ExistingKey,
		Inputs:    inputs,
		Statements: func(v []string) []policy.Statement {
			return append(encrypting(writers{arn: v[2], owners: v[3:]}), keeping(v[0], v[1]))
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
			return append(writing(bucketARN, writers{arn: v[2], owners: v[3:]}), guarding(bucketARN, v[1]))
		},
		Rules: retention(cmp.Or(args.RetentionDays, 365), args.LockDays),
		// With an S3 Bucket Key, the key policy would have to let CloudTrail decrypt.
		// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
		NoBucketKey: true,
		Existing:    args.ExistingBucket,
		Tags:        args.Tags,
	}, a)
	if err != nil {
		return nil, err
	}
	locked, err := lock(ctx, name, b, args.LockDays, a)
	if err != nil {
		return nil, err
	}
	a.Ready = append([]pulumi.Resource{b.Policy, locked}, b.Ready...)
	a.Bucket, a.BucketARN, a.KeyARN = output.After(b.Name, a.Ready...), b.ARN, key.Arn
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"bucket": a.Bucket, "keyArn": a.KeyARN})
}

// writers are the trails that may write to the archive.
type writers struct {
	arn    string // a trail's, or a pattern
	owners []string
}

// only is the condition that CloudTrail calls on behalf of one of the writers. Without it, any
// account's trail could write to the archive (the confused deputy problem). The condition uses only
// keys that CloudTrail is known to send with every call. AWS documents aws:SourceOrgID for writing
// to a bucket only.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cross-service-confused-deputy-prevention.html
func (w writers) only() policy.Condition {
	c := policy.Condition{"ArnLike": {"aws:SourceArn": {w.arn}}}
	if len(w.owners) > 0 {
		c["StringEquals"] = map[string]policy.List{"aws:SourceAccount": w.owners}
	}
	return c
}

// anyRegion is the trails' ARN with any region, as CloudTrail's guide writes it in encryption
// contexts.
func (w writers) anyRegion() string {
	parts := strings.SplitN(w.arn, ":", 5)
	if len(parts) == 5 {
		parts[3] = "*"
	}
	return strings.Join(parts, ":")
}

// writing allows the trails to write to the bucket.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
func writing(bucketARN string, trails writers) []policy.Statement {
	write := trails.only()
	if write["StringEquals"] == nil {
		write["StringEquals"] = map[string]policy.List{}
	}
	write["StringEquals"]["s3:x-amz-acl"] = []string{"bucket-owner-full-control"}
	return []policy.Statement{
		{
			Sid:       "TrailsSeeTheBucket",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: policy.List{organization.CloudTrailService}},
			Action:    []string{"s3:GetBucketAcl"},
			Resource:  []string{bucketARN},
			Condition: trails.only(),
		},
		{
			Sid:       "TrailsWrite",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: policy.List{organization.CloudTrailService}},
			Action:    []string{"s3:PutObject"},
			Resource:  []string{bucketARN + "/AWSLogs/*"},
			Condition: write,
		},
	}
}

// guarding denies everybody everything but reading, whatever their own policies and the policies of
// access points allow. It exempts services, of which the policy allows CloudTrail only, and the
// role that declares the archive. The account's root user can still delete the bucket policy.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
func guarding(bucketARN, accessRoleARN string) policy.Statement {
	return policy.Statement{
		Sid:       "DenyChanges",
		Effect:    policy.Deny,
		Principal: &policy.Principal{Everyone: true},
		NotAction: []string{"s3:Get*", "s3:List*"},
		Resource:  []string{bucketARN, bucketARN + "/*"},
		Condition: policy.Condition{
			"ArnNotEquals": {"aws:PrincipalArn": {accessRoleARN}},
			"BoolIfExists": {"aws:PrincipalIsAWSService": {"false"}},
		},
	}
}

// encrypting allows the trails, and no other trails, to encrypt with the key.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
func encrypting(trails writers) []policy.Statement {
	encrypt := trails.only()
	encrypt["ArnLike"]["kms:EncryptionContext:aws:cloudtrail:arn"] = []string{trails.anyRegion()}
	return []policy.Statement{
		{
			Sid:       "TrailsEncrypt",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: policy.List{organization.CloudTrailService}},
			Action:    []string{"kms:GenerateDataKey*"},
			Resource:  []string{"*"},
			Condition: encrypt,
		},
		{
			Sid:       "TrailsSeeTheKey",
			Effect:    policy.Allow,
			Principal: &policy.Principal{Service: policy.List{organization.CloudTrailService}},
			Action:    []string{"kms:DescribeKey"},
			Resource:  []string{"*"},
			Condition: trails.only(),
		},
	}
}

// keeping denies everybody to change or delete the key, because without the key nobody can read a
// log. It exempts the role that declares the archive, and the account's root user: nobody could
// ever again change a key policy that exempts nobody.
// The statement denies none of the actions also, which the key's users need besides.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func keeping(accountID, accessRoleARN string, also ...string) policy.Statement {
	return policy.Statement{
		Sid:       "DenyChanges",
		Effect:    policy.Deny,
		Principal: &policy.Principal{Everyone: true},
		NotAction: append([]string{"kms:Decrypt", "kms:Describe*", "kms:GenerateDataKey*", "kms:Get*", "kms:List*"}, also...),
		Resource:  []string{"*"},
		Condition: policy.Condition{"ArnNotEquals": {"aws:PrincipalArn": {accessRoleARN, "arn:aws:iam::" + accountID + ":root"}}},
	}
}

// retention expires logs after some days. Later it deletes their noncurrent versions, but not
// before a lock of lockDays has ended.
func retention(days, lockDays int) s3.BucketLifecycleConfigurationV2RuleArray {
	rule := s3.BucketLifecycleConfigurationV2RuleArgs{
		Id:     pulumi.String("expire-logs"),
		Status: pulumi.String("Enabled"),
		Filter: s3.BucketLifecycleConfigurationV2RuleFilterArgs{},
		Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{
			Days: pulumi.Int(days),
		},
		NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
			NoncurrentDays: pulumi.Int(max(noncurrentDays, lockDays)),
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

// lock keeps everybody, the root user included, from deleting a log before its lock ends. Object
// Lock is always on; 0 days means that there is no default retention. So the number of days can
// change from 0 and to 0 without replacing or deleting anything.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
func lock(ctx *pulumi.Context, name string, b *storage.Bucket, days int, parent pulumi.Resource) (pulumi.Resource, error) {
	args := &s3.BucketObjectLockConfigurationV2Args{Bucket: b.Name}
	if days > 0 {
		args.Rule = s3.BucketObjectLockConfigurationV2RuleArgs{
			DefaultRetention: s3.BucketObjectLockConfigurationV2RuleDefaultRetentionArgs{
				Mode: pulumi.String("COMPLIANCE"),
				Days: pulumi.Int(days),
			},
		}
	}
	// S3 accepts Object Lock only when versioning is on.
	after := append([]pulumi.Resource{b.Policy}, b.Ready...)
	return s3.NewBucketObjectLockConfigurationV2(ctx, name, args, pulumi.Parent(parent), pulumi.RetainOnDelete(true), pulumi.DependsOn(after))
}
