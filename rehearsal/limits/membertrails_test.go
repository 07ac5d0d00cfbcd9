package limits_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// apart keeps the trails of accounts apart, as moto does: a member has a trail of its own, and the management account has the
// organization's and another.
type apart struct{ *fake }

func (a apart) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, target, isTrail := strings.Cut(r.Header.Get("X-Amz-Target"), "CloudTrail_20131101.")
	if !isTrail {
		a.fake.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	trails := []any{map[string]any{"Name": "own", "TrailARN": "arn:aws:cloudtrail:eu-north-1:111111111111:trail/own", "HomeRegion": "eu-north-1"}}
	management := r.Header.Get("X-Moto-Account-Id") == "123456789012"
	if management {
		trails = []any{
			map[string]any{"Name": "z9-master-trail", "TrailARN": trailARN, "HomeRegion": "eu-north-1", "IsOrganizationTrail": true},
			map[string]any{"Name": "other", "TrailARN": otherTrailARN, "HomeRegion": "eu-north-1", "IsOrganizationTrail": false},
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch {
	case target == "DescribeTrails":
		_ = json.NewEncoder(w).Encode(map[string]any{"trailList": trails})
	case target == "GetTrailStatus" && management && strings.Contains(string(body), trailARN):
		_, _ = w.Write([]byte(`{"IsLogging":true}`))
	default:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"TrailNotFoundException","message":"Unknown trail"}`))
	}
}

const otherTrailARN = "arn:aws:cloudtrail:eu-north-1:123456789012:trail/other"

// TestOrganizationTrailsInMembers has a member see the organization's trail beside its own, read it by ARN, and no other trail of the
// management account.
func TestOrganizationTrailsInMembers(t *testing.T) {
	t.Parallel()
	e := apart{newFake()}
	e.add("111111111111", "app@z9.example")
	e.role("arn:aws:iam::111111111111:role/admin", allow(`"arn:aws:iam::123456789012:root"`, ""))
	e.attached["admin"] = []string{"arn:aws:iam::aws:policy/AdministratorAccess"}
	e.managed["arn:aws:iam::aws:policy/AdministratorAccess"] = fullAccess
	s := start(t, e.ServeHTTP, proxy.Options{Rules: limits.Unhurried})
	out, err := sts.NewFromConfig(s.master()).AssumeRole(ctx(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111111111111:role/admin"), RoleSessionName: aws.String("ada")})
	must(t, err)
	client := cloudtrail.NewFromConfig(s.config(*out.Credentials.AccessKeyId))
	for want, in := range map[string]*cloudtrail.DescribeTrailsInput{
		"own z9-master-trail": {},
		"own":                 {IncludeShadowTrails: aws.Bool(false)},
		"z9-master-trail":     {TrailNameList: []string{trailARN}},
	} {
		list, err := client.DescribeTrails(ctx(), in)
		must(t, err)
		var names []string
		for _, trail := range list.TrailList {
			names = append(names, aws.ToString(trail.Name))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("the member sees %q, not %q", got, want)
		}
	}
	status, err := client.GetTrailStatus(ctx(), &cloudtrail.GetTrailStatusInput{Name: aws.String(trailARN)})
	must(t, err)
	if !aws.ToBool(status.IsLogging) {
		t.Error("the organization's trail isn't logging")
	}
	_, err = client.GetTrailStatus(ctx(), &cloudtrail.GetTrailStatusInput{Name: aws.String(otherTrailARN)})
	refused(t, err, "TrailNotFoundException", "")
}
