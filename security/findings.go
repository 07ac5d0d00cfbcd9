package security

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/topic"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// FindingsType is the component's type token.
const FindingsType = "coldstart:security:Findings"

// FindingsArgs are the arguments of NewFindings.
type FindingsArgs struct {
	// Name is the name of the rule and of the topic.
	Name string `required:"true"`
	// AccountID is the id of the account that administers Security Hub, which the component's provider is of. The provider's region is
	// the one that has the findings of all regions.
	AccountID pulumi.StringInput `required:"true"`
	// Address is the e-mail address that hears of findings. AWS sends it a message first, and findings only after somebody has confirmed
	// that message.
	Address string `required:"true"`
	Tags    pulumi.StringMapInput
}

// Findings brings findings of high severity, of all accounts and regions, to an e-mail address.
type Findings struct {
	pulumi.ResourceState

	// TopicARN is the topic's.
	TopicARN pulumi.StringOutput
}

// NewFindings declares a rule of Amazon EventBridge for organization.FindingsPattern, and the topic that it sends findings to. Security Hub
// sends each finding to EventBridge in the account that administers it.
// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cloudwatch-events.html
func NewFindings(ctx *pulumi.Context, name string, args *FindingsArgs, opts ...pulumi.ResourceOption) (*Findings, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	f := &Findings{}
	if err := ctx.RegisterComponentResource(FindingsType, name, f, opts...); err != nil {
		return nil, err
	}
	var err error
	if f.TopicARN, err = topic.New(ctx, name, topic.Args{
		Name: args.Name, Address: args.Address, AccountID: args.AccountID, Publisher: telling, Tags: args.Tags,
	}, pulumi.Parent(f)); err != nil {
		return nil, err
	}
	rule, err := cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
		Name:         pulumi.String(args.Name),
		Description:  pulumi.String("Findings of high severity, of all accounts and regions"),
		EventPattern: pulumi.String(organization.FindingsPattern),
		State:        pulumi.String("ENABLED"), // Without it, a rule that somebody has disabled stays so.
		Tags:         args.Tags,
	}, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	if _, err := cloudwatch.NewEventTarget(ctx, name, &cloudwatch.EventTargetArgs{
		Rule: rule.Name, TargetId: pulumi.String(organization.FindingsName), Arn: f.TopicARN,
		InputTransformer: cloudwatch.EventTargetInputTransformerArgs{InputPaths: pulumi.ToStringMap(told), InputTemplate: pulumi.String(message)},
	}, pulumi.Parent(f)); err != nil {
		return nil, err
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{"topicArn": f.TopicARN})
}

// told are the parts of a finding that the message has. Every finding has them.
// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-required-attributes.html
var told = map[string]string{
	"severity": "$.detail.findings[0].Severity.Label", "title": "$.detail.findings[0].Title", "description": "$.detail.findings[0].Description",
	"account": "$.detail.findings[0].AwsAccountId", "product": "$.detail.findings[0].ProductArn", "resource": "$.detail.findings[0].Resources[0].Id",
	"created": "$.detail.findings[0].CreatedAt", "updated": "$.detail.findings[0].UpdatedAt", "id": "$.detail.findings[0].Id",
}

// message is the text of the e-mail. It is JSON, in which EventBridge quotes what findings say.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
const message = `{
  "severity": <severity>,
  "title": <title>,
  "account": <account>,
  "resource": <resource>,
  "description": <description>,
  "product": <product>,
  "created": <created>,
  "updated": <updated>,
  "id": <id>
}`

// telling is who may publish to the topic: EventBridge, without a condition, since its guide has none for topics, and no role either.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
func telling(topicARN, _ string) policy.Statement {
	return policy.Statement{
		Sid: "Findings", Effect: policy.Allow,
		Principal: &policy.Principal{Service: policy.List{organization.EventsService}},
		Action:    policy.List{"sns:Publish"},
		Resource:  policy.List{topicARN},
	}
}
