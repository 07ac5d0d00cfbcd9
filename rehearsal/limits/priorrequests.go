package limits

import (
	"net/http"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// priorRequests refuses to change the records of a hosted zone that another call is changing.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html#API_ChangeResourceRecordSets_Errors
type priorRequests struct {
	w    *world
	busy *busy
}

func (priorRequests) Name() string { return "prior request not complete" }

func (r priorRequests) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("route53", "ChangeResourceRecordSets") {
		return next(c)
	}
	if !r.busy.begin(c.Resource) {
		a := r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "PriorRequestNotComplete", Message: "The request was rejected because Route 53 was still processing a prior request."})
		a.Throttled = true
		return a
	}
	defer r.busy.end(c.Resource)
	return next(c)
}
