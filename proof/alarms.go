package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/coldstart-aws/coldstart/organization"
)

// alarmed has the names and ARNs of what alarms are made of, in the management account.
type alarmed struct {
	p     *prover
	group string // the log group's name, the trail's name, and the namespace of metrics
	role  string
	topic topic
}

func (p *prover) alarmed() alarmed {
	return alarmed{
		p:     p,
		group: p.trailName(organization.Master),
		role:  p.org.Name(organization.Master, organization.LogsRole),
		topic: p.alarmsTopic(),
	}
}

// groupARN is the log group's ARN without its streams.
func (w alarmed) groupARN() string {
	return fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", w.p.org.Region, w.p.masterID, w.group)
}

// proveAlarms proves that the organization's trail raises alarms, and that they reach somebody.
func (p *prover) proveAlarms(ctx context.Context, a *account) {
	if a != p.master() || !p.org.Alarmed() {
		return
	}
	w := p.alarmed()
	claim := func(text string, check func() error) { a.claim(SubjectAlarms, text, check) }
	claim(w.group+" sends its events to CloudWatch Logs", func() error { return w.checkSent(ctx, a) })
	claim(fmt.Sprintf("log group keeps events for %d days", organization.LogDays), func() error { return w.checkKept(ctx, a) })
	claim(w.role+" lets in CloudTrail only, and only writes the trail's events", func() error { return w.checkRole(ctx, a) })
	claim("topic takes alarms of the management account only", func() error {
		document, err := w.topic.policy(ctx)
		if err != nil {
			return err
		}
		return document.takesAlarmsOnly(a.id)
	})
	filters := sync.OnceValues(func() (map[string]logstypes.MetricFilter, error) { return w.filters(ctx, a) })
	alarms := sync.OnceValues(func() (map[string]cloudwatchtypes.MetricAlarm, error) { return w.alarms(ctx, a) })
	for _, alarm := range p.org.Alarms() {
		claim("alarm on "+alarm.Name+" counts events and tells the topic", func() error {
			found, err := filters()
			if err != nil {
				return err
			}
			if err := w.checkFilter(found, alarm); err != nil {
				return err
			}
			raised, err := alarms()
			if err != nil {
				return err
			}
			return w.checkAlarm(raised, alarm)
		})
	}
	w.topic.prove(ctx, p, claim)
}

func (w alarmed) checkSent(ctx context.Context, a *account) error {
	trails, err := w.p.trails(ctx, a)
	if err != nil {
		return err
	}
	for _, t := range trails {
		if aws.ToString(t.Name) != w.group {
			continue
		}
		switch role := organization.RoleARN(a.id, w.role); {
		case aws.ToString(t.CloudWatchLogsLogGroupArn) != w.groupARN()+":*":
			return fmt.Errorf("it sends them to %q", aws.ToString(t.CloudWatchLogsLogGroupArn))
		case aws.ToString(t.CloudWatchLogsRoleArn) != role:
			return fmt.Errorf("it does so as %q, and not as %s", aws.ToString(t.CloudWatchLogsRoleArn), role)
		}
		out, err := a.cloudtrail.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: t.TrailARN})
		if err == nil && aws.ToString(out.LatestCloudWatchLogsDeliveryError) != "" {
			err = fmt.Errorf("its events can't be delivered: %s", aws.ToString(out.LatestCloudWatchLogsDeliveryError))
		}
		return err
	}
	return fmt.Errorf("there is no trail %s", w.group)
}

func (w alarmed) checkKept(ctx context.Context, a *account) error {
	out, err := cloudwatchlogs.NewFromConfig(a.cfg).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &w.group})
	if err != nil {
		return err
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) != w.group {
			continue
		}
		if days := aws.ToInt32(g.RetentionInDays); days != organization.LogDays {
			return fmt.Errorf("it keeps them for %d days (0 is for ever)", days)
		}
		return nil
	}
	return fmt.Errorf("there is no log group %s", w.group)
}

func (w alarmed) checkRole(ctx context.Context, a *account) error {
	role, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &w.role})
	if err != nil {
		return err
	}
	trust, err := parsePolicy(aws.ToString(role.Role.AssumeRolePolicyDocument))
	if err != nil {
		return err
	}
	for _, s := range trust.allows() {
		if !s.speaksOnlyOf("Service", organization.CloudTrailService) {
			return fmt.Errorf("%s lets in others", s)
		}
	}
	rights, err := a.onlyPolicy(ctx, w.role)
	if err != nil {
		return err
	}
	return rights.writesOnly(w.groupARN())
}

// writesOnly checks that a policy allows to write to a log group, and nothing else. Whether it allows enough, CloudTrail says when
// it can't deliver.
func (d *policyDocument) writesOnly(groupARN string) error {
	allowed := d.allows()
	if len(allowed) == 0 {
		return errAllowsNothing
	}
	for _, s := range allowed {
		if len(s.NotAction)+len(s.NotResource) > 0 || !sameSet(s.Action, []string{"logs:CreateLogStream", "logs:PutLogEvents"}) {
			return fmt.Errorf("%s allows other actions: %s", s, jsonText(s.Action))
		}
		for _, r := range s.Resource {
			if !strings.HasPrefix(r, groupARN+":log-stream:") {
				return fmt.Errorf("%s is about %s, too", s, r)
			}
		}
	}
	return nil
}

// takesAlarmsOnly checks that a topic's policy lets CloudWatch publish for one account, and allows nothing else.
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
func (d *policyDocument) takesAlarmsOnly(accountID string) error {
	if err := d.takesOnly("cloudwatch.amazonaws.com"); err != nil {
		return err
	}
	for _, s := range d.allows() {
		if !s.Condition.requires(equalsOperators(), "aws:SourceAccount", accountID) {
			return fmt.Errorf("%s lets in alarms of other accounts", s)
		}
	}
	return nil
}

// filters returns the log group's metric filters by their names.
func (w alarmed) filters(ctx context.Context, a *account) (map[string]logstypes.MetricFilter, error) {
	found := map[string]logstypes.MetricFilter{}
	pages := cloudwatchlogs.NewDescribeMetricFiltersPaginator(cloudwatchlogs.NewFromConfig(a.cfg), &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &w.group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range page.MetricFilters {
			found[aws.ToString(f.FilterName)] = f
		}
	}
	return found, nil
}

// checkFilter checks that a filter counts one for each of an alarm's events.
func (w alarmed) checkFilter(found map[string]logstypes.MetricFilter, alarm organization.Alarm) error {
	f, ok := found[alarm.Name]
	switch {
	case !ok:
		return errors.New("there is no such metric filter")
	case aws.ToString(f.FilterPattern) != alarm.Pattern:
		return fmt.Errorf("its metric filter selects %s", aws.ToString(f.FilterPattern))
	case len(f.MetricTransformations) != 1:
		return fmt.Errorf("its metric filter has %d metrics", len(f.MetricTransformations))
	}
	m := f.MetricTransformations[0]
	if got := [3]string{aws.ToString(m.MetricNamespace), aws.ToString(m.MetricName), aws.ToString(m.MetricValue)}; got != [3]string{w.group, alarm.Name, "1"} {
		return fmt.Errorf("its metric filter counts %s into %s of %s", got[2], got[1], got[0])
	}
	return nil
}

// alarms returns the account's alarms by their names.
func (w alarmed) alarms(ctx context.Context, a *account) (map[string]cloudwatchtypes.MetricAlarm, error) {
	found := map[string]cloudwatchtypes.MetricAlarm{}
	pages := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(a.cfg), &cloudwatch.DescribeAlarmsInput{
		AlarmNamePrefix: aws.String(w.p.org.Name(organization.Master, "")),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, alarm := range page.MetricAlarms {
			found[aws.ToString(alarm.AlarmName)] = alarm
		}
	}
	return found, nil
}

// checkAlarm checks that an alarm is raised by a single event.
func (w alarmed) checkAlarm(found map[string]cloudwatchtypes.MetricAlarm, alarm organization.Alarm) error {
	name := w.p.org.Name(organization.Master, alarm.Name)
	is, ok := found[name]
	switch {
	case !ok:
		return fmt.Errorf("there is no alarm %s", name)
	case aws.ToString(is.Namespace) != w.group || aws.ToString(is.MetricName) != alarm.Name:
		return fmt.Errorf("the alarm looks at %s of %s", aws.ToString(is.MetricName), aws.ToString(is.Namespace))
	case is.ComparisonOperator != cloudwatchtypes.ComparisonOperatorGreaterThanOrEqualToThreshold || aws.ToFloat64(is.Threshold) != 1 || is.Statistic != cloudwatchtypes.StatisticSum:
		return fmt.Errorf("the alarm isn't raised by one event: it asks for %s %s %g", is.Statistic, is.ComparisonOperator, aws.ToFloat64(is.Threshold))
	case aws.ToInt32(is.EvaluationPeriods) != 1:
		return fmt.Errorf("the alarm waits for %d periods", aws.ToInt32(is.EvaluationPeriods))
	case !aws.ToBool(is.ActionsEnabled) || !slices.Contains(is.AlarmActions, w.topic.arn):
		return fmt.Errorf("the alarm doesn't tell %s", w.topic.arn)
	}
	return nil
}
