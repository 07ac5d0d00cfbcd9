package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// proveFindings proves that findings of high severity reach somebody, in the account that has those of all accounts.
func (p *prover) proveFindings(ctx context.Context, a *account) {
	if a.name != p.org.FindingsAccount() {
		return
	}
	t, rule := p.findingsTopic(a), p.org.Name(a.name, organization.FindingsName)
	claim := func(text string, check func() error) { a.claim(SubjectSettings, text, check) }
	claim(rule+" selects findings of high severity, and no others", func() error { return checkSelects(ctx, eventbridge.NewFromConfig(a.cfg), rule, p.org.Region) })
	claim(rule+" sends them to the topic", func() error { return checkSends(ctx, eventbridge.NewFromConfig(a.cfg), rule, t.arn) })
	claim("topic of findings takes messages of EventBridge only", func() error {
		document, err := t.policy(ctx)
		if err != nil {
			return err
		}
		return document.takesOnly(organization.EventsService)
	})
	t.prove(ctx, p, claim)
}

// findingsTopic is the topic of findings, in the account that has those of all accounts.
func (p *prover) findingsTopic(a *account) topic {
	return topic{
		what: "findings of high severity", arn: p.topicARN(a.id, p.org.Name(a.name, organization.FindingsName)), address: p.org.Security.Findings,
		account: a, stack: a.name,
	}
}

// checkSelects asks EventBridge which findings the rule's pattern matches.
func checkSelects(ctx context.Context, client *eventbridge.Client, rule, region string) error {
	out, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &rule})
	switch {
	case err != nil:
		return err
	case out.State != eventstypes.RuleStateEnabled:
		return fmt.Errorf("it is %s", out.State)
	}
	for _, f := range sampleFindings() {
		got, err := client.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{EventPattern: out.EventPattern, Event: aws.String(f.event(region))})
		switch {
		case err != nil:
			return err
		case got.Result && !f.selected:
			return fmt.Errorf("it selects %s, too", f.what)
		case !got.Result && f.selected:
			return fmt.Errorf("it doesn't select %s", f.what)
		}
	}
	return nil
}

// sampleFinding is a finding, in what the rule looks at.
type sampleFinding struct {
	what, severity, workflow, record, compliance string
	selected                                     bool
}

func sampleFindings() []sampleFinding {
	return []sampleFinding{
		{"a finding of severity HIGH", "HIGH", "NEW", "ACTIVE", "", true},
		{"a finding of severity CRITICAL", "CRITICAL", "NEW", "ACTIVE", "", true},
		{"a finding of severity MEDIUM", "MEDIUM", "NEW", "ACTIVE", "", false},
		{"a finding that somebody has suppressed", "HIGH", "SUPPRESSED", "ACTIVE", "", false},
		{"an archived finding", "HIGH", "NEW", "ARCHIVED", "", false},
		{"what a standard checks", "HIGH", "NEW", "ACTIVE", `,"Compliance":{"Status":"FAILED"}`, false},
	}
}

// event returns the event that Security Hub sends about the finding.
// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html
func (f sampleFinding) event(region string) string {
	finding := fmt.Sprintf(`{"Severity":{"Label":%q},"Workflow":{"Status":%q},"RecordState":%q%s}`, f.severity, f.workflow, f.record, f.compliance)
	return fmt.Sprintf(`{"version":"0","id":"1","account":"111122223333","time":"2026-01-01T00:00:00Z","region":%q,"resources":[],`+
		`"source":"aws.securityhub","detail-type":"Security Hub Findings - Imported","detail":{"findings":[%s]}}`, region, finding)
}

// checkSends checks that the rule's target is the topic.
func checkSends(ctx context.Context, client *eventbridge.Client, rule, topicARN string) error {
	out, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &rule})
	if err != nil {
		return err
	}
	var found []string
	for _, target := range out.Targets {
		if aws.ToString(target.Arn) == topicARN {
			return nil
		}
		found = append(found, aws.ToString(target.Arn))
	}
	if len(found) == 0 {
		return errors.New("it sends them to nobody")
	}
	return fmt.Errorf("it sends them to %s", strings.Join(found, ", "))
}
