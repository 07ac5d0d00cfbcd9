package limits

import (
	"net/http"
)

// priorRequests refuses a change of a zone that another one is made to.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html#API_ChangeResourceRecordSets_Errors
type priorRequests struct {
	w    *World
	busy *busy
}

func (priorRequests) Name() string { return "prior request not complete" }

func (r priorRequests) Apply(c *Call, next Next) *Answer {
	if !c.Is("route53", "ChangeResourceRecordSets") {
		return next(c)
	}
	if !r.busy.begin(c.Resource) {
		a := r.w.Refuse(c, Problem{http.StatusBadRequest, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.", nil})
		a.Throttled = true
		return a
	}
	defer r.busy.end(c.Resource)
	return next(c)
}
