package audit

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/internal/topic"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// AlarmsType is the component's type token.
const AlarmsType = "coldstart:audit:Alarms"

// AlarmsArgs are the arguments of NewAlarms.
type AlarmsArgs struct {
	// Prefix is <namespace>-<account>-, which all names begin with.
	Prefix string `required:"true"`
	// Region is the trail's home region, and AccountID the account that the trail belongs to.
	Region    string             `required:"true"`
	AccountID pulumi.StringInput `required:"true"`
	// OrganizationID is the organization whose accounts the trail covers.
	OrganizationID pulumi.StringInput `required:"true"`
	// Address is the e-mail address that gets the alarms. AWS sends it a message first, and sends alarms only after somebody
	// has confirmed that message.
	Address string `required:"true"`
	// Alarms are the alarms to declare; organization.Alarms if there are none.
	Alarms []organization.Alarm
	Tags   pulumi.StringMapInput
}

// Alarms are the log group that a trail sends its events to, the alarms on those events, and the topic that brings alarms to an
// e-mail address.
type Alarms struct {
	pulumi.ResourceState

	// LogGroupARN and RoleARN are arguments of NewTrail. RoleARN is known when the role may write to the log group.
	LogGroupARN, RoleARN pulumi.StringOutput
	// TopicARN is the topic's.
	TopicARN pulumi.StringOutput
}

// period is over how many seconds an alarm counts events.
const period = 300

// NewAlarms declares alarms for one trail. Everything is in the account that the trail belongs to, since the log
// group of an organization's trail has to be there.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html
func NewAlarms(ctx *pulumi.Context, name string, args *AlarmsArgs, opts ...pulumi.ResourceOption) (*Alarms, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	a := &Alarms{}
	if err := ctx.RegisterComponentResource(AlarmsType, name, a, opts...); err != nil {
		return nil, err
	}
	group, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(args.Prefix + organization.TrailName),
		RetentionInDays: pulumi.Int(organization.LogDays),
		Tags:            args.Tags,
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	a.LogGroupARN = group.Arn
	if a.RoleARN, err = args.role(ctx, name, group, a); err != nil {
		return nil, err
	}
	if a.TopicARN, err = topic.New(ctx, name, topic.Args{
		Name:      args.Prefix + organization.AlarmsName,
		Address:   args.Address,
		AccountID: args.AccountID,
		Publisher: args.alarming,
		Tags:      args.Tags,
	}, pulumi.Parent(a)); err != nil {
		return nil, err
	}
	alarms := args.Alarms
	if len(alarms) == 0 {
		alarms = organization.Alarms()
	}
	for _, alarm := range alarms {
		if err := args.alarm(ctx, alarm, group, a); err != nil {
			return nil, err
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"logGroupArn": a.LogGroupARN, "topicArn": a.TopicARN})
}

// role declares the role by which CloudTrail writes to the log group, and returns its ARN when it may. CloudTrail supports no
// condition of aws:SourceArn or aws:SourceAccount here, so the role has no other permission.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
func (args *AlarmsArgs) role(ctx *pulumi.Context, name string, group *cloudwatch.LogGroup, parent pulumi.Resource) (pulumi.StringOutput, error) {
	trust, err := policy.Document{Statements: []policy.Statement{{
		Sid: "CloudTrail", Effect: policy.Allow, Action: policy.List{"sts:AssumeRole"}, Principal: &policy.Principal{Service: policy.List{organization.CloudTrailService}},
	}}}.JSON()
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	role, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:             pulumi.String(args.Prefix + organization.LogsRole),
		Description:      pulumi.String("Brings the trail's events to CloudWatch Logs and changes nothing else"),
		AssumeRolePolicy: pulumi.String(trust),
		Tags:             args.Tags,
	}, pulumi.Parent(parent))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	rights, err := iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Name: pulumi.String(organization.LogsRole),
		Role: role.Name,
		Policy: output.Policy(func(v []string) policy.Document {
			return policy.Document{Statements: []policy.Statement{logging(v[0], v[1], v[2], args.Region)}}
		}, group.Arn, args.AccountID, args.OrganizationID),
	}, pulumi.Parent(parent))
	return output.After(role.Arn, rights), err
}

// alarm declares an alarm, and the metric filter that counts its events.
func (args *AlarmsArgs) alarm(ctx *pulumi.Context, alarm organization.Alarm, group *cloudwatch.LogGroup, a *Alarms) error {
	metrics := args.Prefix + organization.TrailName
	_, err := cloudwatch.NewLogMetricFilter(ctx, alarm.Name, &cloudwatch.LogMetricFilterArgs{
		Name:         pulumi.String(alarm.Name),
		LogGroupName: group.Name,
		Pattern:      pulumi.String(alarm.Pattern),
		MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
			Namespace: pulumi.String(metrics), Name: pulumi.String(alarm.Name), Value: pulumi.String("1"),
		},
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewMetricAlarm(ctx, alarm.Name, &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(args.Prefix + alarm.Name),
		AlarmDescription:   pulumi.String(alarm.Description()),
		Namespace:          pulumi.String(metrics),
		MetricName:         pulumi.String(alarm.Name),
		Statistic:          pulumi.String("Sum"),
		Period:             pulumi.Int(period),
		EvaluationPeriods:  pulumi.Int(1),
		ComparisonOperator: pulumi.String("GreaterThanOrEqualToThreshold"),
		Threshold:          pulumi.Float64(1),
		TreatMissingData:   pulumi.String("notBreaching"),
		AlarmActions:       pulumi.Array{a.TopicARN},
		Tags:               args.Tags,
	}, pulumi.Parent(a))
	return err
}

// logging is what the role by which CloudTrail writes to a log group may do: write the streams of an organization's trail, which
// are named after the trail's account and after the organization.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
func logging(groupARN, accountID, organizationID, region string) policy.Statement {
	streams := groupARN + ":log-stream:"
	return policy.Statement{
		Sid: "WriteTrail", Effect: policy.Allow,
		Action:   policy.List{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: policy.List{streams + accountID + "_CloudTrail_" + region + "*", streams + organizationID + "_*"},
	}
}

// alarming is who may publish to the topic of alarms: CloudWatch, for alarms of the topic's own account and region.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
func (args *AlarmsArgs) alarming(topicARN, accountID string) policy.Statement {
	return policy.Statement{
		Sid: "Alarms", Effect: policy.Allow,
		Principal: &policy.Principal{Service: policy.List{"cloudwatch.amazonaws.com"}},
		Action:    policy.List{"sns:Publish"},
		Resource:  policy.List{topicARN},
		Condition: policy.Condition{
			"StringEquals": {"aws:SourceAccount": {accountID}},
			"ArnLike":      {"aws:SourceArn": {"arn:aws:cloudwatch:" + args.Region + ":" + accountID + ":alarm:*"}},
		},
	}
}
