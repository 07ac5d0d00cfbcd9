package limits

import (
	"net/http"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// optIns refuses calls to services that a new account can't use yet.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
type optIns struct{ *members }

func (optIns) Name() string { return "service not yet opted in" }

func (r optIns) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	wait, ok := r.w.Numbers.OptIn[c.Service]
	if !ok {
		return next(c)
	}
	if age, ok := r.age(r.find(c.Context(), c.Caller.Account)); !ok || age >= wait.Takes {
		return next(c)
	}
	const message = "The AWS Access Key Id needs a subscription for the service"
	p := proxy.Problem{Status: http.StatusBadRequest, Code: "SubscriptionRequiredException", Message: message}
	switch c.Protocol {
	case proxy.QueryEC2:
		p = proxy.Problem{Status: http.StatusUnauthorized, Code: "OptInRequired", Message: "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe."}
	case proxy.Query, proxy.RESTXML:
		p = proxy.Problem{Status: http.StatusForbidden, Code: "OptInRequired", Message: message}
	case proxy.RESTXMLBare:
		p = proxy.Problem{Status: http.StatusForbidden, Code: "NotSignedUp", Message: "Your account is not signed up for the S3 service. You must sign up before you can use S3."}
	case proxy.JSON, proxy.RESTJSON, proxy.Unknown:
	}
	return r.w.Refuse(c, p)
}
