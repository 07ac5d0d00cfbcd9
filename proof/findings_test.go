package proof

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/coldstart-aws/coldstart/internal/eventpattern"
	"github.com/coldstart-aws/coldstart/organization"
)

// bridge is EventBridge with one rule.
func bridge(pattern, state, target string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSEvents.") {
		case "DescribeRule":
			fmt.Fprintf(w, `{"EventPattern":%q,"State":%q}`, pattern, state)
		case "ListTargetsByRule":
			fmt.Fprintf(w, `{"Targets":[%s]}`, target)
		case "TestEventPattern":
			var in struct{ EventPattern, Event string }
			_ = json.Unmarshal(body, &in)
			p, err := eventpattern.Parse(in.EventPattern)
			matches, wrong := p.Matches(in.Event)
			if err != nil || wrong != nil {
				w.WriteHeader(http.StatusBadRequest)
			}
			fmt.Fprintf(w, `{"Result":%t}`, matches)
		}
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	const good, topic = organization.FindingsPattern, "arn:aws:sns:us-west-2:222222222222:acme-dev-findings"
	for _, c := range []struct{ pattern, state, target, selects, sends string }{
		{good, "ENABLED", `{"Id":"findings","Arn":"` + topic + `"}`, "", ""},
		{good, "DISABLED", "", "it is DISABLED", "it sends them to nobody"},
		{strings.Replace(good, `"HIGH",`, "", 1), "ENABLED", `{"Id":"1","Arn":"arn:aws:sqs:us-west-2:222222222222:q"}`, "it doesn't select a finding of severity HIGH", "it sends them to arn:aws:sqs"},
		{strings.Replace(good, `"HIGH"`, `"HIGH","MEDIUM"`, 1), "ENABLED", "", "it selects a finding of severity MEDIUM, too", "to nobody"},
		{strings.Replace(good, `"Workflow":{"Status":["NEW"]},`, "", 1), "ENABLED", "", "it selects a finding that somebody has suppressed, too", "to nobody"},
		{strings.Replace(good, `"RecordState":["ACTIVE"],`, "", 1), "ENABLED", "", "it selects an archived finding, too", "to nobody"},
		{strings.Replace(good, `,"Compliance":{"Status":[{"exists":false}]}`, "", 1), "ENABLED", "", "it selects what a standard checks, too", "to nobody"},
	} {
		p := told(t, bridge(c.pattern, c.state, c.target))
		client := eventbridge.NewFromConfig(p.cfg)
		if err := checkSelects(t.Context(), client, "acme-dev-findings", "us-west-2"); !errorHas(err, c.selects) {
			t.Errorf("%s: %v, want %q", c.pattern, err, c.selects)
		}
		if err := checkSends(t.Context(), client, "acme-dev-findings", topic); !errorHas(err, c.sends) {
			t.Errorf("%s: %v, want %q", c.target, err, c.sends)
		}
	}
}
