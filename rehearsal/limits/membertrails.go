package limits

import (
	"cmp"
	"encoding/json"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// memberTrails shows the organization's trails in its members, as CloudTrail does: DescribeTrails lists them, and a member reads
// them by ARN. The emulator has them in the management account only.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
type memberTrails struct{ *members }

func (memberTrails) Name() string { return "organization trails in members" }

func (r memberTrails) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch {
	case c.Caller.Account == r.w.Management || !c.Is("cloudtrail", "DescribeTrails") && !readsTrail(c):
	case r.find(c.Context(), c.Caller.Account) == nil:
	case c.Is("cloudtrail", "DescribeTrails"):
		return r.list(c, next(c))
	case accountOf(trailNamed(c)) == r.w.Management:
		var out map[string]any
		if r.isOrganizations(c) && r.w.AskJSONIn(c.Context(), r.w.Management, c.Region, "cloudtrail", cloudTrailTarget+c.Action, json.RawMessage(c.Body), &out) == nil {
			return r.w.Reply(c, out)
		}
	}
	return next(c)
}

// readsTrail reports whether a call reads one trail.
func readsTrail(c *proxy.Call) bool {
	return c.Is("cloudtrail", "GetTrail", "GetTrailStatus", "GetEventSelectors")
}

// trailNamed returns the name or the ARN of the trail that a call names.
func trailNamed(c *proxy.Call) string {
	var in struct{ Name, TrailName string }
	_ = json.Unmarshal(c.Body, &in) // A body that isn't JSON names no trail.
	return cmp.Or(in.Name, in.TrailName)
}

// list adds the organization's trails to those of a member. They are shadow trails, which a request can leave out.
func (r memberTrails) list(c *proxy.Call, a *proxy.Answer) *proxy.Answer {
	var asked struct{ IncludeShadowTrails *bool }
	if json.Unmarshal(c.Body, &asked) != nil || asked.IncludeShadowTrails != nil && !*asked.IncludeShadowTrails {
		return a
	}
	return rewritten(a, func(out map[string]any) {
		own, _ := out["trailList"].([]any)
		for _, t := range r.trails(c) {
			own = append(own, t)
		}
		out["trailList"] = own
	})
}

// trails returns the organization's trails that there are in the region of a call.
func (r memberTrails) trails(c *proxy.Call) (all []map[string]any) {
	var out struct {
		Trails []map[string]any `json:"trailList"`
	}
	if r.w.AskJSONIn(c.Context(), r.w.Management, c.Region, "cloudtrail", cloudTrailTarget+"DescribeTrails", map[string]bool{"includeShadowTrails": true}, &out) != nil {
		return nil
	}
	for _, t := range out.Trails {
		if t["IsOrganizationTrail"] == true {
			all = append(all, t)
		}
	}
	return all
}

// isOrganizations reports whether the trail that a call names by ARN is one of the organization's.
func (r memberTrails) isOrganizations(c *proxy.Call) bool {
	for _, t := range r.trails(c) {
		if t["TrailARN"] == trailNamed(c) {
			return true
		}
	}
	return false
}
