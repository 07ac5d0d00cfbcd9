// Package topic declares a topic of Amazon SNS that brings messages to one e-mail address.
package topic

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/policy"
)

// Args are the arguments of New.
type Args struct {
	// Name is the topic's name in AWS.
	Name string
	// Address is the e-mail address. AWS sends it a message first, and sends others only after somebody has confirmed that one.
	Address string
	// AccountID is the id of the account that the topic is in.
	AccountID pulumi.StringInput
	// Publisher says who may publish to the topic.
	Publisher func(topicARN, accountID string) policy.Statement
	Tags      pulumi.StringMapInput
}

// New declares the topic, who may publish to it, and the subscription of the address, and returns the topic's ARN.
// https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	topic, err := sns.NewTopic(ctx, name, &sns.TopicArgs{Name: pulumi.String(args.Name), Tags: args.Tags}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	_, err = sns.NewTopicPolicy(ctx, name, &sns.TopicPolicyArgs{
		Arn: topic.Arn,
		Policy: output.Policy(func(v []string) policy.Document {
			return policy.Document{Statements: []policy.Statement{args.Publisher(v[0], v[1])}}
		}, topic.Arn, args.AccountID),
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	_, err = sns.NewTopicSubscription(ctx, name, &sns.TopicSubscriptionArgs{
		Topic: topic.Arn, Protocol: pulumi.String("email"), Endpoint: pulumi.String(args.Address),
	}, opts...)
	return topic.Arn, err
}
