package audit

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// FindingsBucketType is the component's type token.
const FindingsBucketType = "coldstart:audit:FindingsBucket"

// FindingsBucketArgs are the arguments of NewFindingsBucket.
type FindingsBucketArgs struct {
	// Name is <namespace>-<account>-guardduty. It is the key's alias. The bucket's name is Name and the account's id.
	Name      string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	// AccessRoleARN is the role that declares the bucket. No other principal can change it.
	AccessRoleARN pulumi.StringInput `required:"true"`
	// AdministratorID is the id of the account that administers GuardDuty: its detectors have the findings of all accounts.
	AdministratorID pulumi.StringInput `required:"true"`
	// RetentionDays is the number of days after which a file expires; 0 for 365.
	RetentionDays int
	// ExistingKey is the id of a key that has the alias already, and ExistingBucket is Name and the account's id if that bucket
	// exists. Both are imported. Empty means that AWS has none.
	ExistingKey, ExistingBucket string
	Tags                        pulumi.StringMapInput
}

// FindingsBucket is the bucket that Amazon GuardDuty exports findings to, and its key.
type FindingsBucket struct {
	pulumi.ResourceState

	// Bucket is the bucket's name, and KeyARN its key's. They are known when GuardDuty may write.
	Bucket, KeyARN pulumi.StringOutput
}

// NewFindingsBucket declares the bucket. It isn't the archive, whose default retention locks every object: GuardDuty's guide doesn't say
// that it writes to such a bucket.
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
func NewFindingsBucket(ctx *pulumi.Context, name string, args *FindingsBucketArgs, opts ...pulumi.ResourceOption) (*FindingsBucket, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	f := &FindingsBucket{}
	if err := ctx.RegisterComponentResource(FindingsBucketType, name, f, opts...); err != nil {
		return nil, err
	}
	var err error
	if f.Bucket, f.KeyARN, err = (guardedArgs{
		name: args.Name, accountID: args.AccountID, accessRoleARN: args.AccessRoleARN, writers: []pulumi.StringInput{args.AdministratorID},
		what: "what GuardDuty finds in the organization", retentionDays: args.RetentionDays,
		existingKey: args.ExistingKey, existingBucket: args.ExistingBucket, tags: args.Tags,
		encrypting: func(administrator []string) policy.Statement {
			return exporting("DetectorsEncrypt", "kms:GenerateDataKey", "*", administrator[0])
		},
		writing: func(bucketARN string, administrator []string) []policy.Statement {
			return []policy.Statement{
				exporting("DetectorsSeeTheBucket", "s3:GetBucketLocation", bucketARN, administrator[0]),
				exporting("DetectorsWrite", "s3:PutObject", bucketARN+"/*", administrator[0]),
			}
		},
	}.declare(ctx, name, f)); err != nil {
		return nil, err
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{"bucket": f.Bucket, "keyArn": f.KeyARN})
}

// exporting is what GuardDuty may do for the detectors of an account, in any region.
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
func exporting(sid, action, resource, accountID string) policy.Statement {
	return policy.Statement{
		Sid: sid, Effect: policy.Allow,
		Principal: &policy.Principal{Service: policy.List{organization.GuardDutyService}},
		Action:    policy.List{action},
		Resource:  policy.List{resource},
		Condition: policy.Condition{
			"StringEquals": {"aws:SourceAccount": {accountID}},
			"ArnLike":      {"aws:SourceArn": {"arn:aws:guardduty:*:" + accountID + ":detector/*"}},
		},
	}
}
