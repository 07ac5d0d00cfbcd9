package limits

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// trails refuses more trails than AWS allows an account in one region.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
type trails struct{ w *world }

func (trails) Name() string { return "CloudTrail quota" }

func (r trails) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("cloudtrail", "CreateTrail") {
		return next(c)
	}
	list := *c
	list.Action, list.Body, list.Header = "DescribeTrails", []byte("{}"), c.Header.Clone()
	list.Header.Set("X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails")
	a := r.w.Send(c.Context(), &list)
	var there struct {
		TrailList []struct{} `json:"trailList"`
	}
	if a.OK() && json.Unmarshal(a.Body, &there) == nil && len(there.TrailList) >= r.w.Numbers.Trails.Most {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusForbidden, Code: "MaximumNumberOfTrailsExceededException",
			Message: fmt.Sprintf("User: %s already has %d trails in %s.", c.Caller.Account, len(there.TrailList), c.Region),
		})
	}
	return next(c)
}
