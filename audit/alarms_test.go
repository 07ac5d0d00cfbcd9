package audit_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
)

// alarmed declares alarms, and the trail that they look at.
func alarmed() pulumi.RunFunc {
	return pulumitest.In("master", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		alarms, err := audit.NewAlarms(ctx, "alarms", &audit.AlarmsArgs{
			Prefix:         "acme-master-",
			Region:         "us-west-2",
			AccountID:      pulumi.String("111111111111"),
			OrganizationID: pulumi.String("o-1"),
			Address:        "security@acme.example",
			Tags:           pulumi.ToStringMap(map[string]string{"Account": "master"}),
		}, in)
		if err != nil {
			return err
		}
		_, err = audit.NewTrail(ctx, "trail", &audit.TrailArgs{
			Name: "acme-master-trail", Bucket: pulumi.String("b"), KeyARN: pulumi.String("k"), Organization: true,
			LogGroupARN: alarms.LogGroupARN, LogsRoleARN: alarms.RoleARN,
		}, in)
		return err
	})
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, alarmed())
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		// The log group, the role and its policy, the topic with policy and subscription; for each alarm itself and its filter.
		if n, want := len(result.Children(result.Resource(t, audit.AlarmsType, "alarms"))), 6+2*len(organization.Alarms()); n != want {
			t.Errorf("%d children, not %d", n, want)
		}
		result.CheckProviders(t, "master")
		result.CheckPolicies(t)
		group, topic := result.Resource(t, pulumitest.LogGroup, "alarms"), result.Resource(t, pulumitest.Topic, "alarms")
		if group.At("name") != "acme-master-trail" || group.At("retentionInDays") != 365.0 {
			t.Errorf("the log group is %v", group.Inputs)
		}
		for _, alarm := range result.OfType(pulumitest.Alarm) {
			filter := result.Resource(t, pulumitest.MetricFilter, alarm.Name)
			counts := []any{filter.At("metricTransformation", "namespace"), filter.At("metricTransformation", "name")}
			if alarm.At("namespace") != counts[0] || alarm.At("metricName") != counts[1] || !filter.Waits(group) || !alarm.Waits(topic) {
				t.Errorf("%s looks at %v, and its filter counts into %v", alarm.Name, alarm.Inputs, counts)
			}
		}
		trail := result.Resource(t, pulumitest.Trail, "trail")
		if !trail.Waits(result.Resource(t, pulumitest.RolePolicy, "alarms")) {
			t.Error("the trail sends events before its role may write them")
		}
		if preview {
			return
		}
		const arn = "arn:aws:logs:us-west-2:111111111111:log-group:acme-master-trail"
		if trail.At("cloudWatchLogsGroupArn") != arn+":*" || trail.At("cloudWatchLogsRoleArn") != "arn:aws:iam::111111111111:role/acme-master-trail-logs" {
			t.Errorf("the trail is %v", trail.Inputs)
		}
		checkDocument(t, "role", `{"Version":"2012-10-17","Statement":[{"Sid":"WriteTrail","Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],`+
			`"Resource":["`+arn+`:log-stream:111111111111_CloudTrail_us-west-2*","`+arn+`:log-stream:o-1_*"]}]}`, result.Resource(t, pulumitest.RolePolicy, "alarms"))
		checkDocument(t, "topic", `{"Version":"2012-10-17","Statement":[{"Sid":"Alarms","Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish",`+
			`"Resource":"arn:aws:sns:us-west-2:111111111111:acme-master-alarms","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:us-west-2:111111111111:alarm:*"},`+
			`"StringEquals":{"aws:SourceAccount":"111111111111"}}}]}`, result.Resource(t, pulumitest.TopicPolicy, "alarms"))
	})
}
