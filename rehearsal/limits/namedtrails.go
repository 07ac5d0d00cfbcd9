package limits

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// namedTrails has DescribeTrails return only the trails that a request names. The emulator
// returns all trails, and the provider fails if it gets more than one. A name means the trail
// whose home is the region that gets the request; an ARN means that trail.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
type namedTrails struct{}

func (namedTrails) Name() string { return "named trails" }

func (namedTrails) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("cloudtrail", "DescribeTrails") {
		return next(c)
	}
	var asked struct {
		Names []string `json:"trailNameList"`
	}
	a := next(c)
	var there struct {
		Trails []json.RawMessage `json:"trailList"`
	}
	if json.Unmarshal(c.Body, &asked) != nil || len(asked.Names) == 0 || !a.OK() || json.Unmarshal(a.Body, &there) != nil {
		return a
	}
	there.Trails = slices.DeleteFunc(there.Trails, func(raw json.RawMessage) bool {
		var t struct{ Name, TrailARN, HomeRegion string }
		return json.Unmarshal(raw, &t) != nil || !slices.ContainsFunc(asked.Names, func(name string) bool {
			if strings.HasPrefix(name, "arn:") {
				return name == t.TrailARN
			}
			return name == t.Name && c.Region == t.HomeRegion
		})
	})
	a.Body, _ = json.Marshal(map[string]any{"trailList": there.Trails}) // It was JSON before.
	a.Header.Del("Content-Length")
	return a
}
