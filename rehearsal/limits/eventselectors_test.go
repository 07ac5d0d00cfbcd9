package limits_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// selecting is an emulator with one trail. As moto, it keeps advanced selectors when basic ones are put, and says of no trail that it
// has selectors of its own.
type selecting struct{ basic, advanced []any }

func (s *selecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in struct{ EventSelectors, AdvancedEventSelectors []any }
	_ = json.Unmarshal(body, &in)
	trail := map[string]any{"Name": "z9-master-trail", "TrailARN": trailARN, "HomeRegion": "eu-north-1", "HasCustomEventSelectors": false}
	var out any
	switch action := r.Header.Get("X-Amz-Target"); action[strings.LastIndexByte(action, '.')+1:] {
	case "PutEventSelectors":
		if len(in.EventSelectors) > 0 {
			s.basic = in.EventSelectors
		} else {
			s.basic, s.advanced = nil, in.AdvancedEventSelectors
		}
	case "GetEventSelectors":
		out = map[string]any{"TrailARN": trailARN, "EventSelectors": s.basic, "AdvancedEventSelectors": s.advanced}
	case "GetTrail":
		out = map[string]any{"Trail": trail}
	case "DescribeTrails":
		out = map[string]any{"trailList": []any{trail}}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

// selector returns an advanced event selector of these conditions.
func selector(fields ...types.AdvancedFieldSelector) types.AdvancedEventSelector {
	return types.AdvancedEventSelector{FieldSelectors: fields}
}

func equal(field string, values ...string) types.AdvancedFieldSelector {
	return types.AdvancedFieldSelector{Field: &field, Equals: values}
}

func begins(values ...string) types.AdvancedFieldSelector {
	return types.AdvancedFieldSelector{Field: aws.String("resources.ARN"), StartsWith: values}
}

// many returns n texts.
func many(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("arn:aws:s3:::b%d/", i))
	}
	return all
}

func basic(n int, values ...string) (all []types.EventSelector) {
	for range n {
		all = append(all, types.EventSelector{DataResources: []types.DataResource{{Type: aws.String("AWS::S3::Object"), Values: values}}})
	}
	return all
}

// TestEventSelectorsThatCloudTrailRefuses has CloudTrail's words for each kind of wrong selectors, and lets right ones pass.
func TestEventSelectorsThatCloudTrailRefuses(t *testing.T) {
	t.Parallel()
	management, category, object := selector(equal("eventCategory", "Management")), equal("eventCategory", "Data"), equal("resources.type", "AWS::S3::Object")
	advanced := func(all ...types.AdvancedEventSelector) *cloudtrail.PutEventSelectorsInput {
		return &cloudtrail.PutEventSelectorsInput{AdvancedEventSelectors: all}
	}
	not := equal("eventCategory")
	not.NotEquals = []string{"Data"}
	for name, c := range map[string]struct {
		in   *cloudtrail.PutEventSelectorsInput
		code string
		says string
	}{
		"management and data": {advanced(management, selector(category, object, begins("arn:aws:s3:::z9-"))), "", ""},
		"500 values":          {advanced(selector(category, object, begins(many(498)...))), "", ""},
		"501 values":          {advanced(selector(category, object, begins(many(499)...))), badSelectors, "up to 500 values"},
		"none":                {advanced(), badSelectors, "at least one"},
		"both kinds":          {&cloudtrail.PutEventSelectorsInput{EventSelectors: basic(1, "arn:aws:s3"), AdvancedEventSelectors: []types.AdvancedEventSelector{management}}, badSelectors, "not both"},
		"five basic ones":     {&cloudtrail.PutEventSelectorsInput{EventSelectors: basic(5, many(50)...)}, "", ""},
		"six basic ones":      {&cloudtrail.PutEventSelectorsInput{EventSelectors: basic(6, "arn:aws:s3")}, badSelectors, "up to 5 event selectors"},
		"251 resources":       {&cloudtrail.PutEventSelectorsInput{EventSelectors: basic(1, many(251)...)}, badSelectors, "250 data resources"},
		"a wildcard":          {&cloudtrail.PutEventSelectorsInput{EventSelectors: basic(1, "arn:aws:s3:::*")}, badSelectors, "Value arn:aws:s3:::* for DataResources.Values is invalid"},
		"no category":         {advanced(selector(object)), badSelectors, "eventCategory has to equal"},
		"another category":    {advanced(selector(equal("eventCategory", "Insight"))), badSelectors, `and not "Insight"`},
		"another operator":    {advanced(selector(not, object)), badSelectors, "eventCategory takes one value"},
		"two types":           {advanced(selector(category, equal("resources.type", "AWS::S3::Object", "AWS::Lambda::Function"))), badSelectors, "resources.type takes one value"},
		"no type":             {advanced(selector(category, begins("arn:aws:s3:::z9-"))), badSelectors, "has to have the field resources.type"},
		"management of a resource": {
			advanced(selector(equal("eventCategory", "Management"), begins("arn:aws:s3:::z9-"))), badSelectors, "can't have a field about resources",
		},
		"another region": {&cloudtrail.PutEventSelectorsInput{TrailName: aws.String(strings.Replace(trailARN, "eu-north-1", "us-east-1", 1)), AdvancedEventSelectors: []types.AdvancedEventSelector{management}}, "InvalidHomeRegionException", "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, (&selecting{}).ServeHTTP, unhurried(nil))
			if c.in.TrailName == nil {
				c.in.TrailName = aws.String(trailARN)
			}
			_, err := cloudtrail.NewFromConfig(s.master()).PutEventSelectors(ctx(), c.in)
			if c.code == "" {
				must(t, err)
				return
			}
			refused(t, err, c.code, c.says)
		})
	}
}

const badSelectors = "InvalidEventSelectorsException"

// TestWhatATrailSelects reads selectors back: only those of the kind that was put last, and that there are any.
func TestWhatATrailSelects(t *testing.T) {
	t.Parallel()
	s := start(t, (&selecting{}).ServeHTTP, unhurried(nil))
	client := cloudtrail.NewFromConfig(s.master())
	shows := func(when string, basic, advanced int) {
		t.Helper()
		custom := basic+advanced > 0
		trail, err := client.GetTrail(ctx(), &cloudtrail.GetTrailInput{Name: aws.String(trailARN)})
		must(t, err)
		all, err := client.DescribeTrails(ctx(), nil)
		must(t, err)
		if got := aws.ToBool(trail.Trail.HasCustomEventSelectors); got != custom || aws.ToBool(all.TrailList[0].HasCustomEventSelectors) != custom {
			t.Errorf("%s: the trail has selectors of its own: %t", when, got)
		}
		out, err := client.GetEventSelectors(ctx(), &cloudtrail.GetEventSelectorsInput{TrailName: aws.String(trailARN)})
		must(t, err)
		if len(out.EventSelectors) != basic || len(out.AdvancedEventSelectors) != advanced {
			t.Errorf("%s: %d basic selectors and %d advanced ones", when, len(out.EventSelectors), len(out.AdvancedEventSelectors))
		}
	}
	put := func(in cloudtrail.PutEventSelectorsInput) {
		t.Helper()
		in.TrailName = aws.String(trailARN)
		_, err := client.PutEventSelectors(ctx(), &in)
		must(t, err)
	}
	shows("at first", 0, 0)
	put(cloudtrail.PutEventSelectorsInput{AdvancedEventSelectors: []types.AdvancedEventSelector{selector(equal("eventCategory", "Management"))}})
	shows("advanced", 0, 1)
	put(cloudtrail.PutEventSelectorsInput{EventSelectors: basic(2, "arn:aws:s3")})
	shows("basic", 2, 0)
}
