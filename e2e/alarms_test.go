//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// quiet is an organization without alarms.
const quiet = `
config:
  coldstart:namespace: quiet
  coldstart:domain: quiet.example
  coldstart:region: ap-southeast-2
  coldstart:email: aws+%s@quiet.example
  coldstart:accounts: { logs: {} }
  coldstart:audit: { account: logs, retentionDays: 30, lockDays: 7 }
`

// TestAlarms brings alarms to an organization that has a trail, repairs what somebody else changes, moves them to another address,
// and takes them away again.
func TestAlarms(t *testing.T) {
	begin(t)
	w, calls := newWorld(t, quiet), &recorder{}
	o := limits.Refusals()
	o.OnCall = calls.record
	w.limited(o)
	w.up()
	w.proved()

	loud := quiet + "  coldstart:security: { alarms: aws+soc@quiet.example }\n"
	w.declare(loud)
	calls.calls = nil
	w.up()
	// CloudTrail may write to the log group before the trail is told to.
	for _, before := range []string{"logs:CreateLogGroup", "iam:PutRolePolicy"} {
		if first, then := slices.Index(calls.calls, before), slices.Index(calls.calls, "cloudtrail:UpdateTrail"); first < 0 || then < first {
			t.Errorf("%s is call %d, and cloudtrail:UpdateTrail call %d", before, first, then)
		}
	}
	w.unchanged()
	w.undrifted()
	w.proved()

	// Somebody makes an alarm silent, and deletes another one.
	cfg := w.emulator.Config("ap-southeast-2")
	ctx, watch := context.Background(), cloudwatch.NewFromConfig(cfg)
	_, err := watch.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{"quiet-master-root-usage"}})
	must(t, err)
	_, err = cloudwatchlogs.NewFromConfig(cfg).DeleteMetricFilter(ctx, &cloudwatchlogs.DeleteMetricFilterInput{LogGroupName: aws.String("quiet-master-trail"), FilterName: aws.String("trail-changes")})
	must(t, err)
	out, code := w.exits(coldstart(), "verify")
	if code != 1 {
		t.Errorf("verify ends with %d", code)
	}
	contains(t, out, "alarm on root-usage counts events and tells the topic doesn't hold: the alarm doesn't tell arn:aws:sns:ap-southeast-2:123456789012:quiet-master-alarms",
		"alarm on trail-changes counts events and tells the topic doesn't hold: there is no such metric filter",
		"run `coldstart refresh logs`, then `coldstart up logs`, which brings it in line")
	w.ok(coldstart(), "refresh", "logs")
	w.ok(coldstart(), "up", "logs", "--yes")
	w.proved()

	w.declare(strings.Replace(loud, "soc@", "ciso@", 1))
	contains(t, w.ok(coldstart(), "preview"), "1 replace", "AWS sends an e-mail address a message that somebody has to confirm within two days.")
	w.up()
	w.unchanged()
	w.proved()

	w.declare(quiet)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	trails, err := cloudtrail.NewFromConfig(cfg).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	must(t, err)
	for _, trail := range trails.TrailList {
		if aws.ToString(trail.CloudWatchLogsLogGroupArn)+aws.ToString(trail.CloudWatchLogsRoleArn) != "" {
			t.Errorf("%s still sends its events to %s", aws.ToString(trail.Name), aws.ToString(trail.CloudWatchLogsLogGroupArn))
		}
	}
	groups, err := cloudwatchlogs.NewFromConfig(cfg).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	must(t, err)
	alarms, err := watch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	must(t, err)
	topics, err := sns.NewFromConfig(cfg).ListTopics(ctx, &sns.ListTopicsInput{})
	must(t, err)
	if n := len(groups.LogGroups) + len(alarms.MetricAlarms) + len(topics.Topics); n > 0 {
		t.Errorf("%d log groups, %d alarms and %d topics are left", len(groups.LogGroups), len(alarms.MetricAlarms), len(topics.Topics))
	}
}
