package audit

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// TrailType is the component's type token.
const TrailType = "coldstart:audit:Trail"

// TrailArgs are the arguments of NewTrail.
type TrailArgs struct {
	// Name is <namespace>-<account>-trail.
	Name string `required:"true"`
	// Bucket is the archive's bucket, and KeyARN the archive's key.
	Bucket pulumi.StringInput `required:"true"`
	KeyARN pulumi.StringInput `required:"true"`
	// Organization declares a trail that covers every account of the organization.
	Organization bool
	// Watched, if not nil, is the ARN of a bucket. The trail also records calls to that bucket's
	// objects, except PutObject, because CloudTrail itself writes to the bucket all the time.
	Watched pulumi.StringInput
	// LogGroupARN and LogsRoleARN, if not nil, are the log group that the trail also sends its events to, and the role by which
	// it does. Both belong to the trail's account and are in its home region.
	LogGroupARN, LogsRoleARN pulumi.StringInput
	// Leaves says that another trail replaces this one. Then the trail isn't protected, so that a
	// later update can delete it.
	Leaves bool
	// After are the resources that have to exist before the trail can write.
	After []pulumi.Resource
	Tags  pulumi.StringMapInput
}

// Trail is a multi-region trail with log-file validation.
type Trail struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput
}

// NewTrail declares a trail that records management events in every region.
func NewTrail(ctx *pulumi.Context, name string, args *TrailArgs, opts ...pulumi.ResourceOption) (*Trail, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	t := &Trail{}
	if err := ctx.RegisterComponentResource(TrailType, name, t, pulumi.Composite(opts...), pulumi.Protect(!args.Leaves)); err != nil {
		return nil, err
	}
	sent := &cloudtrail.TrailArgs{
		Name:                       pulumi.String(args.Name),
		S3BucketName:               args.Bucket,
		KmsKeyId:                   args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		EnableLogging:              pulumi.Bool(true),
		EnableLogFileValidation:    pulumi.Bool(true),
		IncludeGlobalServiceEvents: pulumi.Bool(true),
		IsMultiRegionTrail:         pulumi.Bool(true),
		IsOrganizationTrail:        pulumi.Bool(args.Organization),
		AdvancedEventSelectors:     selectors(args.Watched),
		Tags:                       args.Tags,
	}
	if args.LogGroupARN != nil {
		sent.CloudWatchLogsGroupArn = pulumi.Sprintf("%s:*", args.LogGroupARN) // CloudTrail asks for all streams of the group.
		sent.CloudWatchLogsRoleArn = args.LogsRoleARN.ToStringOutput().ToStringPtrOutput()
	}
	trail, err := cloudtrail.NewTrail(ctx, name, sent, pulumi.Parent(t), pulumi.DependsOn(args.After))
	if err != nil {
		return nil, err
	}
	t.ARN = trail.Arn
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{"arn": t.ARN})
}

// selectors select all management events, as a trail without selectors does, and the data events of
// one bucket.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
func selectors(bucketARN pulumi.StringInput) cloudtrail.TrailAdvancedEventSelectorArray {
	if bucketARN == nil {
		return nil
	}
	equals := func(field, value string) cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs {
		return cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{Field: pulumi.String(field), Equals: pulumi.ToStringArray([]string{value})}
	}
	return cloudtrail.TrailAdvancedEventSelectorArray{
		cloudtrail.TrailAdvancedEventSelectorArgs{
			Name:           pulumi.String("Management events"),
			FieldSelectors: cloudtrail.TrailAdvancedEventSelectorFieldSelectorArray{equals("eventCategory", "Management")},
		},
		cloudtrail.TrailAdvancedEventSelectorArgs{
			Name: pulumi.String("Access to the archive"),
			FieldSelectors: cloudtrail.TrailAdvancedEventSelectorFieldSelectorArray{
				equals("eventCategory", "Data"),
				equals("resources.type", "AWS::S3::Object"),
				cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
					Field:       pulumi.String("resources.ARN"),
					StartsWiths: pulumi.StringArray{pulumi.Sprintf("%s/", bucketARN)},
				},
				cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
					Field:     pulumi.String("eventName"),
					NotEquals: pulumi.ToStringArray([]string{"PutObject"}),
				},
			},
		},
	}
}
