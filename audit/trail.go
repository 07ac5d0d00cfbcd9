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
	// States, if not nil, are objects of Pulumi's states. The trail also records each call to them.
	States *Objects
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

// Objects are objects in S3 by how their ARNs begin: with Prefix, and in none of the ways of Except.
type Objects struct {
	Prefix string
	Except []string
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
		AdvancedEventSelectors:     selectors(args.Watched, args.States),
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

// selectors select all management events, as a trail without selectors does, and the data events of the log archive's bucket and of buckets
// with states. A trail has selectors even if it records management events alone: CloudTrail refuses to be sent none, so a trail that had
// some once couldn't get rid of them.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
func selectors(archiveARN pulumi.StringInput, states *Objects) cloudtrail.TrailAdvancedEventSelectorArray {
	all := cloudtrail.TrailAdvancedEventSelectorArray{selector("Management events", equals("eventCategory", "Management"))}
	if archiveARN != nil {
		all = append(all, ofObjects("Access to the archive",
			cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{Field: pulumi.String("resources.ARN"), StartsWiths: pulumi.StringArray{pulumi.Sprintf("%s/", archiveARN)}},
			cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{Field: pulumi.String("eventName"), NotEquals: pulumi.ToStringArray([]string{"PutObject"})}))
	}
	if states != nil {
		arn := cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{Field: pulumi.String("resources.ARN"), StartsWiths: pulumi.ToStringArray([]string{states.Prefix})}
		if len(states.Except) > 0 {
			arn.NotStartsWiths = pulumi.ToStringArray(states.Except)
		}
		all = append(all, ofObjects("Access to states", arn))
	}
	return all
}

// ofObjects selects those data events of objects in S3 that meet all of these conditions.
func ofObjects(name string, conditions ...cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs) cloudtrail.TrailAdvancedEventSelectorArgs {
	return selector(name, append([]cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{
		equals("eventCategory", "Data"),
		equals("resources.type", "AWS::S3::Object"),
	}, conditions...)...)
}

func selector(name string, conditions ...cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs) cloudtrail.TrailAdvancedEventSelectorArgs {
	fields := cloudtrail.TrailAdvancedEventSelectorFieldSelectorArray{}
	for _, c := range conditions {
		fields = append(fields, c)
	}
	return cloudtrail.TrailAdvancedEventSelectorArgs{Name: pulumi.String(name), FieldSelectors: fields}
}

func equals(field, value string) cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs {
	return cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs{Field: pulumi.String(field), Equals: pulumi.ToStringArray([]string{value})}
}
