package limits

import "net/http"

// optIns refuses services that a new account hasn't got yet.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
type optIns struct{ *members }

func (optIns) Name() string { return "service not yet opted in" }

func (r optIns) Apply(c *Call, next Next) *Answer {
	wait, ok := r.w.Numbers.OptIn[c.Service]
	if !ok {
		return next(c)
	}
	if age, ok := r.age(r.find(c.Context(), c.Caller.Account)); !ok || age >= wait.Takes {
		return next(c)
	}
	const message = "The AWS Access Key Id needs a subscription for the service"
	p := Problem{http.StatusBadRequest, "SubscriptionRequiredException", message, nil}
	switch c.Protocol {
	case QueryEC2:
		p = Problem{http.StatusUnauthorized, "OptInRequired", "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.", nil}
	case Query, RESTXML:
		p = Problem{http.StatusForbidden, "OptInRequired", message, nil}
	case RESTXMLBare:
		p = Problem{http.StatusForbidden, "NotSignedUp", "Your account is not signed up for the S3 service. You must sign up before you can use S3.", nil}
	case JSON, RESTJSON, Unknown:
	}
	return r.w.Refuse(c, p)
}
