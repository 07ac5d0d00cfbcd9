package limits_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// confirming is an emulator that confirms each subscription by itself.
func confirming(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	arn := "arn:aws:sns:eu-north-1:123456789012:t:" + form.Get("Protocol")
	result := ""
	switch form.Get("Action") {
	case "Subscribe":
		result = "<SubscriptionArn>" + arn + "</SubscriptionArn>"
	case "GetSubscriptionAttributes":
		result = "<Attributes><entry><key>PendingConfirmation</key>\n<value>false</value></entry></Attributes>"
	case "ListSubscriptionsByTopic":
		for _, protocol := range []string{"email", "sqs"} {
			result += "<member><SubscriptionArn>arn:aws:sns:eu-north-1:123456789012:t:" + protocol + "</SubscriptionArn><Protocol>" + protocol + "</Protocol></member>"
		}
		result = "<Subscriptions>" + result + "</Subscriptions>"
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", form.Get("Action"), result)
}

// TestPendingSubscriptions checks that nobody confirms an e-mail address, and that other endpoints need no confirmation.
func TestPendingSubscriptions(t *testing.T) {
	t.Parallel()
	s := start(t, confirming, proxy.Options{Rules: limits.Unhurried})
	client := sns.NewFromConfig(s.master())
	subscribe := func(protocol string, arn bool) string {
		out, err := client.Subscribe(ctx(), &sns.SubscribeInput{
			TopicArn: aws.String("arn:aws:sns:eu-north-1:123456789012:t"), Protocol: &protocol, Endpoint: aws.String("x"), ReturnSubscriptionArn: arn,
		})
		must(t, err)
		return aws.ToString(out.SubscriptionArn)
	}
	if got := subscribe("email", false); got != "pending confirmation" {
		t.Errorf("a subscription that is pending shows %s", got)
	}
	for protocol, pending := range map[string]string{"email": "true", "sqs": "false"} {
		arn := subscribe(protocol, true)
		attributes, err := client.GetSubscriptionAttributes(ctx(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: &arn})
		must(t, err)
		if got := attributes.Attributes["PendingConfirmation"]; got != pending {
			t.Errorf("%s is pending: %s, not %s", protocol, got, pending)
		}
		_, err = client.Unsubscribe(ctx(), &sns.UnsubscribeInput{SubscriptionArn: &arn})
		if pending == "true" {
			refused(t, err, "InvalidParameter", "pending confirmation")
		} else {
			must(t, err)
		}
	}
	list, err := client.ListSubscriptionsByTopic(ctx(), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String("arn:aws:sns:eu-north-1:123456789012:t")})
	must(t, err)
	for _, one := range list.Subscriptions {
		want := "arn:aws:sns:eu-north-1:123456789012:t:sqs"
		if aws.ToString(one.Protocol) == "email" {
			want = "PendingConfirmation"
		}
		if got := aws.ToString(one.SubscriptionArn); got != want {
			t.Errorf("%s is listed as %s, not %s", aws.ToString(one.Protocol), got, want)
		}
	}
}
