package audit

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// ConfigBucketType is the component's type token.
const ConfigBucketType = "coldstart:audit:ConfigBucket"

// ConfigBucketArgs are the arguments of NewConfigBucket.
type ConfigBucketArgs struct {
	// Name is <namespace>-<account>-config. It is the key's alias. The bucket's name is Name and the account's id.
	Name      string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	// AccessRoleARN is the role that declares the bucket. No other principal can change it.
	AccessRoleARN pulumi.StringInput `required:"true"`
	// Owners are the ids of the accounts whose recorders may write.
	Owners []pulumi.StringInput `required:"true"`
	// RetentionDays is the number of days after which a file expires; 0 for 365.
	RetentionDays int
	// ExistingKey is the id of a key that has the alias already, and ExistingBucket is Name and the account's id if that bucket
	// exists. Both are imported. Empty means that AWS has none.
	ExistingKey, ExistingBucket string
	Tags                        pulumi.StringMapInput
}

// ConfigBucket is the bucket that AWS Config writes the history of all accounts' resources to, and its key.
type ConfigBucket struct {
	pulumi.ResourceState

	// Bucket is the bucket's name, and KeyARN its key's. They are known when AWS Config may write.
	Bucket, KeyARN pulumi.StringOutput
}

// NewConfigBucket declares the bucket. It isn't the archive: AWS Config doesn't deliver to a bucket whose default retention locks every
// object.
// https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html
func NewConfigBucket(ctx *pulumi.Context, name string, args *ConfigBucketArgs, opts ...pulumi.ResourceOption) (*ConfigBucket, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	c := &ConfigBucket{}
	if err := ctx.RegisterComponentResource(ConfigBucketType, name, c, opts...); err != nil {
		return nil, err
	}
	var err error
	if c.Bucket, c.KeyARN, err = (guardedArgs{
		name: args.Name, accountID: args.AccountID, accessRoleARN: args.AccessRoleARN, writers: args.Owners,
		what: "what AWS Config records in the organization", retentionDays: args.RetentionDays,
		existingKey: args.ExistingKey, existingBucket: args.ExistingBucket, tags: args.Tags,
		encrypting: func(owners []string) policy.Statement {
			return recording("RecordersEncrypt", []string{"kms:Decrypt", "kms:GenerateDataKey"}, "*", owners)
		},
		writing: func(bucketARN string, owners []string) []policy.Statement {
			write := recording("RecordersWrite", []string{"s3:PutObject"}, bucketARN+"/AWSLogs/*", owners)
			write.Condition["StringEquals"]["s3:x-amz-acl"] = []string{"bucket-owner-full-control"}
			return []policy.Statement{recording("RecordersSeeTheBucket", []string{"s3:GetBucketAcl", "s3:ListBucket"}, bucketARN, owners), write}
		},
	}.declare(ctx, name, c)); err != nil {
		return nil, err
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"bucket": c.Bucket, "keyArn": c.KeyARN})
}

// recording is what AWS Config may do for recorders of some accounts. A service-linked role can neither write to the bucket nor use
// the key, so the service itself does.
// https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
// https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
func recording(sid string, actions []string, resource string, owners []string) policy.Statement {
	return policy.Statement{
		Sid: sid, Effect: policy.Allow,
		Principal: &policy.Principal{Service: policy.List{organization.ConfigService}},
		Action:    actions,
		Resource:  []string{resource},
		Condition: policy.Condition{"StringEquals": {"aws:SourceAccount": owners}},
	}
}
