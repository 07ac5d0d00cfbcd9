package audit

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// FindingsBucketType is the component's type token.
const FindingsBucketType = "coldstart:audit:FindingsBucket"

// Exporter is a service that exports what it finds to a bucket.
type Exporter struct {
	principal string
	// what is what the service exports, for the key's description, and sid how the statements of policies begin.
	what, sid string
	// also is what the service does with the key besides generating data keys.
	also policy.List
	// sources are the ends of the ARNs for which the service exports, in any region.
	sources func(accountID string) policy.List
}

// The services that export.
var (
	// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
	GuardDuty = Exporter{
		principal: organization.GuardDutyService, what: "what GuardDuty finds in the organization", sid: "Detectors",
		sources: func(id string) policy.List { return policy.List{"arn:aws:guardduty:*:" + id + ":detector/*"} },
	}
	// https://docs.aws.amazon.com/macie/latest/user/discovery-results-repository-s3.html
	Macie = Exporter{
		principal: organization.MacieService, what: "what Macie discovers in the organization", sid: "Macie", also: policy.List{"kms:Encrypt"},
		sources: func(id string) policy.List {
			return policy.List{"arn:aws:macie2:*:" + id + ":classification-job/*", "arn:aws:macie2:*:" + id + ":export-configuration:*"}
		},
	}
)

// FindingsBucketArgs are the arguments of NewFindingsBucket.
type FindingsBucketArgs struct {
	// Exporter is the service that writes to the bucket: GuardDuty or Macie.
	Exporter Exporter `required:"true"`
	// Name is <namespace>-<account>-guardduty or -macie. It is the key's alias. The bucket's name is Name and the account's id.
	Name      string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	// AccessRoleARN is the role that declares the bucket. No other principal can change it.
	AccessRoleARN pulumi.StringInput `required:"true"`
	// AdministratorID is the id of the account that administers the service: there the service has what it finds in all accounts.
	AdministratorID pulumi.StringInput `required:"true"`
	// RetentionDays is the number of days after which a file expires; 0 for 365.
	RetentionDays int
	// ExistingKey is the id of a key that has the alias already, and ExistingBucket is Name and the account's id if that bucket
	// exists. Both are imported. Empty means that AWS has none.
	ExistingKey, ExistingBucket string
	Tags                        pulumi.StringMapInput
}

// FindingsBucket is the bucket that a service exports to, and its key.
type FindingsBucket struct {
	pulumi.ResourceState

	// Bucket is the bucket's name, and KeyARN its key's. They are known when the service may write.
	Bucket, KeyARN pulumi.StringOutput
}

// NewFindingsBucket declares the bucket. It isn't the archive, whose default retention locks every object: the services' guides don't say
// that they write to such a bucket.
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
		what: args.Exporter.what, also: args.Exporter.also, retentionDays: args.RetentionDays,
		existingKey: args.ExistingKey, existingBucket: args.ExistingBucket, tags: args.Tags,
		encrypting: func(administrator []string) policy.Statement {
			return args.Exporter.may("Encrypt", append(policy.List{"kms:GenerateDataKey"}, args.Exporter.also...), "*", administrator[0])
		},
		writing: func(bucketARN string, administrator []string) []policy.Statement {
			return []policy.Statement{
				args.Exporter.may("SeeTheBucket", policy.List{"s3:GetBucketLocation"}, bucketARN, administrator[0]),
				args.Exporter.may("Write", policy.List{"s3:PutObject"}, bucketARN+"/*", administrator[0]),
			}
		},
	}.declare(ctx, name, f)); err != nil {
		return nil, err
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{"bucket": f.Bucket, "keyArn": f.KeyARN})
}

// may is what the service may do for an account, in any region.
func (e Exporter) may(sid string, actions policy.List, resource, accountID string) policy.Statement {
	return policy.Statement{
		Sid: e.sid + sid, Effect: policy.Allow,
		Principal: &policy.Principal{Service: policy.List{e.principal}},
		Action:    actions,
		Resource:  policy.List{resource},
		Condition: policy.Condition{
			"StringEquals": {"aws:SourceAccount": {accountID}},
			"ArnLike":      {"aws:SourceArn": e.sources(accountID)},
		},
	}
}
