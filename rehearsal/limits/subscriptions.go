package limits

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// subscriptions keeps subscriptions of e-mail addresses pending, since nobody confirms them in a rehearsal. AWS lists a pending
// subscription without its ARN, and doesn't let anybody delete it. moto confirms each by itself.
// https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
// https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
type subscriptions struct {
	w       *world
	mu      sync.Mutex
	pending map[string]bool // by ARN
}

func newSubscriptions(w *world) *subscriptions {
	return &subscriptions{w: w, pending: map[string]bool{}}
}

func (*subscriptions) Name() string { return "subscription pending" }

var (
	subscriptionARN = regexp.MustCompile(`<SubscriptionArn>\s*([^<\s]+)\s*</SubscriptionArn>`)
	confirmation    = regexp.MustCompile(`(<key>PendingConfirmation</key>\s*<value>)false(</value>)`)
)

func (r *subscriptions) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch {
	case c.Is("sns", "Unsubscribe") && r.is(c.Form.Get("SubscriptionArn")):
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "InvalidParameter",
			Message: "Invalid parameter: SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation",
		})
	case !c.Is("sns", "Subscribe", "GetSubscriptionAttributes", "ListSubscriptions", "ListSubscriptionsByTopic"):
		return next(c)
	}
	a := next(c)
	if !a.OK() {
		return a
	}
	switch c.Action {
	case "Subscribe":
		if found := subscriptionARN.FindSubmatch(a.Body); found != nil && strings.HasPrefix(c.Form.Get("Protocol"), "email") {
			r.add(string(found[1]))
			if c.Form.Get("ReturnSubscriptionArn") != "true" {
				a.Body = bytes.ReplaceAll(a.Body, found[1], []byte("pending confirmation"))
			}
		}
	case "GetSubscriptionAttributes":
		if r.is(c.Form.Get("SubscriptionArn")) {
			a.Body = confirmation.ReplaceAll(a.Body, []byte("${1}true${2}"))
		}
	default:
		a.Body = subscriptionARN.ReplaceAllFunc(a.Body, func(found []byte) []byte {
			if r.is(string(subscriptionARN.FindSubmatch(found)[1])) {
				return []byte("<SubscriptionArn>PendingConfirmation</SubscriptionArn>")
			}
			return found
		})
	}
	return a
}

func (r *subscriptions) add(arn string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending[arn] = true
}

func (r *subscriptions) is(arn string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pending[arn]
}
