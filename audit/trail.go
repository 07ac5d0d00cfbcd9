package audit

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// TrailType is the component's type token.
const TrailType = "coldstart:audit:Trail"

// TrailArgs are the arguments of NewTrail.
type TrailArgs struct {
	// Name is <namespace>-<account>-trail.
	Name string
	// Bucket and KeyARN are the archive's.
	Bucket pulumi.StringInput
	KeyARN pulumi.StringInput
	// Organization makes the trail cover every account of the organization.
	Organization bool
	// After, if not nil, has to be there before the trail can write.
	After pulumi.CustomResource
	Tags  pulumi.StringMapInput
}

// Trail is a multi-region trail with log-file validation.
type Trail struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput
}

// NewTrail declares a trail that records management events in every region.
func NewTrail(ctx *pulumi.Context, name string, args *TrailArgs, opts ...pulumi.ResourceOption) (*Trail, error) {
	t := &Trail{}
	if err := ctx.RegisterComponentResource(TrailType, name, t, pulumi.Composite(opts...), pulumi.Protect(true)); err != nil {
		return nil, err
	}
	options := []pulumi.ResourceOption{pulumi.Parent(t)}
	if args.After != nil {
		options = append(options, pulumi.DependsOn([]pulumi.Resource{args.After}))
	}
	trail, err := cloudtrail.NewTrail(ctx, name, &cloudtrail.TrailArgs{
		Name:                       pulumi.String(args.Name),
		S3BucketName:               args.Bucket,
		KmsKeyId:                   args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		EnableLogging:              pulumi.Bool(true),
		EnableLogFileValidation:    pulumi.Bool(true),
		IncludeGlobalServiceEvents: pulumi.Bool(true),
		IsMultiRegionTrail:         pulumi.Bool(true),
		IsOrganizationTrail:        pulumi.Bool(args.Organization),
		Tags:                       args.Tags,
	}, options...)
	if err != nil {
		return nil, err
	}
	t.ARN = trail.Arn
	return t, ctx.RegisterResourceOutputs(t, pulumi.Map{"arn": t.ARN})
}
