package limits

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// eventSelectors refuses selectors of events that CloudTrail refuses; the emulator takes all. And it answers what a trail selects as
// CloudTrail does: the emulator never says that a trail has selectors of its own, so that a refresh would miss a change of them, and
// keeps advanced selectors beside the basic ones that replace them.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
type eventSelectors struct{ w *world }

func (eventSelectors) Name() string { return "event selectors" }

func (r eventSelectors) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch {
	case c.Is("cloudtrail", "PutEventSelectors"):
		if p := r.refused(c); p != nil {
			return r.w.Refuse(c, *p)
		}
	case c.Is("cloudtrail", "DescribeTrails"):
		return rewritten(next(c), func(out map[string]any) {
			trails, _ := out["trailList"].([]any)
			for _, t := range trails {
				r.describe(c, t)
			}
		})
	case c.Is("cloudtrail", "GetTrail"):
		return rewritten(next(c), func(out map[string]any) { r.describe(c, out["Trail"]) })
	case c.Is("cloudtrail", "GetEventSelectors"):
		return rewritten(next(c), func(out map[string]any) {
			if basic, _ := out["EventSelectors"].([]any); len(basic) > 0 {
				delete(out, "AdvancedEventSelectors")
			}
		})
	}
	return next(c)
}

// describe says of a trail whether it has selectors of its own.
func (r eventSelectors) describe(c *proxy.Call, trail any) {
	t, _ := trail.(map[string]any)
	arn, _ := t["TrailARN"].(string)
	var has selection
	if r.w.AskJSONIn(c.Context(), accountOf(arn), regionOf(arn), "cloudtrail", cloudTrailTarget+"GetEventSelectors", map[string]string{"TrailName": arn}, &has) == nil {
		t["HasCustomEventSelectors"] = len(has.EventSelectors)+len(has.AdvancedEventSelectors) > 0
	}
}

// rewritten returns an answer in JSON with what change makes of it. An answer that isn't JSON, or that reports an error, stays as it is.
func rewritten(a *proxy.Answer, change func(map[string]any)) *proxy.Answer {
	var out map[string]any
	if !a.OK() || json.Unmarshal(a.Body, &out) != nil {
		return a
	}
	change(out)
	a.Body, _ = json.Marshal(out) // It was JSON before.
	a.Header.Del("Content-Length")
	return a
}

// selection is what PutEventSelectors gets and GetEventSelectors answers, by the names of AWS's model.
type selection struct {
	TrailName      string
	EventSelectors []struct {
		DataResources []struct{ Values []string }
	}
	AdvancedEventSelectors []struct{ FieldSelectors []fieldSelector }
}

// fieldSelector is one condition of an advanced event selector.
type fieldSelector struct {
	Field                                                               string
	Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith []string
}

// values returns the number of values in all conditions, and others the number of those under another operator than Equals.
func (f fieldSelector) values() (all, others int) {
	others = len(f.StartsWith) + len(f.EndsWith) + len(f.NotEquals) + len(f.NotStartsWith) + len(f.NotEndsWith)
	return len(f.Equals) + others, others
}

// refused returns why CloudTrail refuses selectors; nil if it takes them.
func (r eventSelectors) refused(c *proxy.Call) *proxy.Problem {
	var in selection
	if json.Unmarshal(c.Body, &in) != nil {
		return nil // The emulator says what is wrong with the request.
	}
	if home := regionOf(in.TrailName); home != "" && home != c.Region {
		return trailProblem("InvalidHomeRegionException", "The action can be called only from the home region of the trail, "+home+".")
	}
	if why := in.wrong(r.w.Numbers); why != "" {
		return &proxy.Problem{Status: http.StatusBadRequest, Code: "InvalidEventSelectorsException", Message: why}
	}
	return nil
}

// wrong returns what is wrong with selectors; empty if nothing is.
func (s selection) wrong(most *Numbers) string {
	resources, values := 0, 0
	for _, e := range s.EventSelectors {
		for _, d := range e.DataResources {
			resources += len(d.Values)
			if i := slices.IndexFunc(d.Values, func(v string) bool { return strings.Contains(v, "*") }); i >= 0 {
				return "Value " + d.Values[i] + " for DataResources.Values is invalid."
			}
		}
	}
	for _, e := range s.AdvancedEventSelectors {
		if why := wrongFields(e.FieldSelectors); why != "" {
			return why
		}
		for _, f := range e.FieldSelectors {
			all, _ := f.values()
			values += all
		}
	}
	switch basic, advanced := len(s.EventSelectors), len(s.AdvancedEventSelectors); {
	case basic+advanced == 0:
		return "Specify at least one event selector or advanced event selector."
	case basic > 0 && advanced > 0:
		return "Specify either event selectors or advanced event selectors, but not both."
	case basic > most.EventSelectors.Most:
		return fmt.Sprintf("A trail can have up to %d event selectors, and not %d.", most.EventSelectors.Most, basic)
	case resources > most.DataResources.Most:
		return fmt.Sprintf("A trail is limited to %d data resources, and this one would have %d.", most.DataResources.Most, resources)
	case values > most.SelectorValues.Most:
		return fmt.Sprintf("All conditions in all advanced event selectors can have up to %d values, and not %d.", most.SelectorValues.Most, values)
	}
	return ""
}

// wrongFields returns what is wrong with the conditions of one advanced event selector; empty if nothing is.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
func wrongFields(fields []fieldSelector) string {
	equal := map[string]string{}
	for _, f := range fields {
		_, others := f.values()
		switch f.Field {
		case "eventCategory", "resources.type", "readOnly":
			if len(f.Equals) != 1 || others > 0 {
				return "The field " + f.Field + " takes one value, with the operator Equals."
			}
			equal[f.Field] = f.Equals[0]
		}
	}
	about := func(f fieldSelector) bool { return strings.HasPrefix(f.Field, "resources.") }
	switch category := equal["eventCategory"]; {
	case !slices.Contains([]string{"Management", "Data", "NetworkActivity"}, category):
		return fmt.Sprintf("The field eventCategory has to equal Management, Data or NetworkActivity, and not %q.", category)
	case category == "Data" && equal["resources.type"] == "":
		return "A selector of data events has to have the field resources.type."
	case category == "Management" && slices.ContainsFunc(fields, about):
		return "A selector of management events can't have a field about resources."
	}
	return ""
}
