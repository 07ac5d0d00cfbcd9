package limits_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// willing is an emulator that takes every rule. The rule "aimed" has a target.
func willing(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSEvents.") {
	case "ListTargetsByRule":
		targets := ""
		if strings.Contains(string(body), `"aimed"`) {
			targets = `{"Id":"topic","Arn":"arn:aws:sns:eu-north-1:123456789012:t"}`
		}
		fmt.Fprintf(w, `{"Targets":[%s]}`, targets)
	case "TestEventPattern":
		w.WriteHeader(http.StatusNotImplemented)
	default:
		fmt.Fprint(w, "{}")
	}
}

// TestEventPatterns checks that a rule's pattern is one that Amazon EventBridge takes, and that it says which events a pattern matches.
func TestEventPatterns(t *testing.T) {
	t.Parallel()
	client := eventbridge.NewFromConfig(start(t, willing, proxy.Options{Rules: limits.Unhurried}).master())
	put := func(pattern *string) error {
		_, err := client.PutRule(ctx(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: pattern, ScheduleExpression: aws.String("rate(1 day)")})
		return err
	}
	for pattern, code := range map[string]string{
		`{"source":["aws.securityhub"]}`:                        "",
		`{"source":"aws.securityhub"}`:                          "InvalidEventPatternException",
		`{"detail":{"findings":{}}}`:                            "InvalidEventPatternException",
		`{"detail":{"findings":{"Title":[{"begins-with":1}]}}}`: "InvalidEventPatternException",
	} {
		refused(t, put(&pattern), code, "")
	}
	must(t, put(nil))
	event := func(source string) *string {
		return aws.String(`{"id":"1","account":"123456789012","source":"` + source + `","time":"2026-01-01T00:00:00Z","region":"eu-north-1","resources":[],"detail-type":"T"}`)
	}
	for source, want := range map[string]bool{"aws.securityhub": true, "aws.config": false} {
		out, err := client.TestEventPattern(ctx(), &eventbridge.TestEventPatternInput{EventPattern: aws.String(`{"source":["aws.securityhub"]}`), Event: event(source)})
		must(t, err)
		if out.Result != want {
			t.Errorf("an event of %s: %t", source, out.Result)
		}
	}
	_, err := client.TestEventPattern(ctx(), &eventbridge.TestEventPatternInput{EventPattern: aws.String(`{"source":["aws.securityhub"]}`), Event: aws.String("{}")})
	refused(t, err, "ValidationException", "has no id")
}

// TestRulesWithTargets checks that a rule is deleted after its targets.
func TestRulesWithTargets(t *testing.T) {
	t.Parallel()
	client := eventbridge.NewFromConfig(start(t, willing, proxy.Options{Rules: limits.Unhurried}).master())
	for name, code := range map[string]string{"aimed": "ValidationException", "aimless": ""} {
		_, err := client.DeleteRule(ctx(), &eventbridge.DeleteRuleInput{Name: &name, EventBusName: aws.String("default")})
		refused(t, err, code, "")
	}
}
