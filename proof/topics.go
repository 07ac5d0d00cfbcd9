package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// topic brings what it gets to an e-mail address.
type topic struct {
	// what the topic's messages are, in a sentence.
	what, arn, address string
	// account is the account that the topic is in, and stack the stack that declares it.
	account *account
	stack   string
}

// topics returns the topics that the organization has.
func (p *prover) topics() (all []topic) {
	if p.org.Alarmed() {
		all = append(all, p.alarmsTopic())
	}
	for _, a := range p.accounts {
		if a.name == p.org.FindingsAccount() {
			all = append(all, p.findingsTopic(a))
		}
	}
	return all
}

func (p *prover) topicARN(accountID, name string) string {
	return fmt.Sprintf("arn:aws:sns:%s:%s:%s", p.org.Region, accountID, name)
}

// prove proves that the address gets what the topic gets.
func (t topic) prove(ctx context.Context, p *prover, claim func(text string, check func() error)) {
	claim(t.address+" is subscribed to "+t.what, func() error {
		_, err := t.subscription(ctx)
		return err
	})
	if p.unconfirmed() == "" {
		claim(t.address+" has confirmed that it gets "+t.what, func() error { return t.checkConfirmed(ctx) })
	}
}

// policy returns the topic's policy.
func (t topic) policy(ctx context.Context) (*policyDocument, error) {
	out, err := sns.NewFromConfig(t.account.cfg).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &t.arn})
	if err != nil {
		return nil, err
	}
	return parsePolicy(out.Attributes["Policy"])
}

// takesOnly checks that a topic's policy lets one service publish, and allows nothing else.
func (d *policyDocument) takesOnly(service string) error {
	allowed := d.allows()
	if len(allowed) == 0 {
		return errAllowsNothing
	}
	for _, s := range allowed {
		switch {
		case !s.speaksOnlyOf("Service", service):
			return fmt.Errorf("%s lets in others", s)
		case !sameSet(s.Action, []string{"sns:Publish"}):
			return fmt.Errorf("%s allows other actions: %s", s, jsonText(s.Action))
		}
	}
	return nil
}

// subscription returns the topic's subscription of the address.
func (t topic) subscription(ctx context.Context) (snstypes.Subscription, error) {
	pages := sns.NewListSubscriptionsByTopicPaginator(sns.NewFromConfig(t.account.cfg), &sns.ListSubscriptionsByTopicInput{TopicArn: &t.arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return snstypes.Subscription{}, err
		}
		for _, s := range page.Subscriptions {
			if aws.ToString(s.Endpoint) == t.address && aws.ToString(s.Protocol) == "email" {
				return s, nil
			}
		}
	}
	return snstypes.Subscription{}, errors.New("it isn't subscribed; AWS removes an address that confirms nothing for two days")
}

func (t topic) checkConfirmed(ctx context.Context) error {
	s, err := t.subscription(ctx)
	if err == nil && !strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") {
		err = remedied(errors.New("nobody has confirmed AWS's message"),
			`open the message "AWS Notification - Subscription Confirmation" to %s and confirm it; two days after it was sent, run `+"`coldstart refresh %s`, then `coldstart up %[2]s`, and AWS sends another one",
			t.address, t.stack)
	}
	return err
}

// unconfirmedAddresses finds out whether the endpoint delivers AWS's messages to the addresses, as AWS does.
func (p *prover) unconfirmedAddresses(ctx context.Context) string {
	if p.cfg.BaseEndpoint == nil {
		return ""
	}
	var waiting []string
	for _, t := range p.topics() {
		if t.account.unreachable != nil {
			continue
		}
		// The proof of the subscription reports an error.
		if s, err := t.subscription(ctx); err == nil && !strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") {
			waiting = append(waiting, t.address+" gets "+t.what)
		}
	}
	if len(waiting) == 0 {
		return ""
	}
	return "whether " + strings.Join(waiting, ", and ") + ": somebody has to confirm a message that AWS sends, and an emulator sends none"
}

// alarmsTopic is the topic of alarms, in the management account.
func (p *prover) alarmsTopic() topic {
	return topic{
		what: "alarms", arn: p.topicARN(p.masterID, p.org.Name(organization.Master, organization.AlarmsName)), address: p.org.Security.Alarms,
		account: p.master(), stack: p.org.Audit.Account,
	}
}
