package proof

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// heard is an organization with alarms.
func heard() alarmed {
	org := declared()
	org.Security.Alarms = "security@acme.example"
	p := &prover{org: org, masterID: "111111111111", accounts: []*account{{name: organization.Master, id: "111111111111"}}}
	return p.alarmed()
}

func TestWritesOnly(t *testing.T) {
	t.Parallel()
	const group = "arn:aws:logs:us-west-2:111111111111:log-group:acme-master-trail"
	const good = `{"Sid":"WriteTrail","Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":["` + group + `:log-stream:o-1_*"]}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"another action", statements(good, `"logs:PutLogEvents"`, `"logs:PutLogEvents","logs:DeleteLogStream"`), "statement WriteTrail allows other actions"},
		{"all actions but one", statements(good, `"Action"`, `"NotAction"`), "allows other actions"},
		{"another group", statements(good, `"]}`, `","arn:aws:logs:us-west-2:111111111111:log-group:other:log-stream:x"]}`), "is about arn:aws:logs:us-west-2:111111111111:log-group:other:log-stream:x, too"},
		{"a group whose name begins alike", statements(good, group+":", group+"-2:"), "-2:log-stream:o-1_*, too"},
		{"nothing", statements(good, "Allow", "Deny"), "allows nothing"},
	}, func(d *policyDocument) error { return d.writesOnly(group) })
}

func TestTakesAlarmsOnly(t *testing.T) {
	t.Parallel()
	const good = `{"Sid":"Alarms","Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"t",` +
		`"Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}}}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"another account's", statements(good, "111111111111", "222222222222"), "lets in alarms of other accounts"},
		{"anybody's", statements(good, "StringEquals", "StringEqualsIfExists"), "lets in alarms of other accounts"},
		{"another service", statements(good, "cloudwatch.", "events."), "statement Alarms lets in others"},
		{"everybody", statements(good, `{"Service":"cloudwatch.amazonaws.com"}`, `"*"`), "lets in others"},
		{"subscribing", statements(good, `"sns:Publish"`, `["sns:Publish","sns:Subscribe"]`), "allows other actions"},
		{"nothing", statements(""), "allows nothing"},
	}, func(d *policyDocument) error { return d.takesAlarmsOnly("111111111111") })
}

func TestCheckFilter(t *testing.T) {
	t.Parallel()
	w, alarm := heard(), organization.Alarms()[0]
	for _, c := range []struct {
		change func(*logstypes.MetricFilter)
		err    string
	}{
		{func(*logstypes.MetricFilter) {}, ""},
		{func(f *logstypes.MetricFilter) { f.FilterName = aws.String("other") }, "there is no such metric filter"},
		{func(f *logstypes.MetricFilter) { f.FilterPattern = aws.String("{$.a=b}") }, "its metric filter selects {$.a=b}"},
		{func(f *logstypes.MetricFilter) { f.MetricTransformations[0].MetricValue = aws.String("0") }, "counts 0 into root-usage of acme-master-trail"},
		{func(f *logstypes.MetricFilter) { f.MetricTransformations[0].MetricName = aws.String("x") }, "counts 1 into x"},
		{func(f *logstypes.MetricFilter) { f.MetricTransformations = nil }, "has 0 metrics"},
	} {
		f := logstypes.MetricFilter{
			FilterName: &alarm.Name, FilterPattern: &alarm.Pattern,
			MetricTransformations: []logstypes.MetricTransformation{{MetricNamespace: aws.String("acme-master-trail"), MetricName: &alarm.Name, MetricValue: aws.String("1")}},
		}
		c.change(&f)
		if err := w.checkFilter(map[string]logstypes.MetricFilter{aws.ToString(f.FilterName): f}, alarm); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

func TestCheckAlarm(t *testing.T) {
	t.Parallel()
	w, alarm := heard(), organization.Alarms()[0]
	for _, c := range []struct {
		change func(*cloudwatchtypes.MetricAlarm)
		err    string
	}{
		{func(*cloudwatchtypes.MetricAlarm) {}, ""},
		{func(a *cloudwatchtypes.MetricAlarm) { a.AlarmName = aws.String("other") }, "there is no alarm acme-master-root-usage"},
		{func(a *cloudwatchtypes.MetricAlarm) { a.Namespace = aws.String("other") }, "looks at root-usage of other"},
		{func(a *cloudwatchtypes.MetricAlarm) { a.Threshold = aws.Float64(5) }, "isn't raised by one event"},
		{func(a *cloudwatchtypes.MetricAlarm) { a.Statistic = cloudwatchtypes.StatisticMinimum }, "isn't raised by one event"},
		{func(a *cloudwatchtypes.MetricAlarm) {
			a.ComparisonOperator = cloudwatchtypes.ComparisonOperatorLessThanThreshold
		}, "isn't raised by one event"},
		{func(a *cloudwatchtypes.MetricAlarm) { a.EvaluationPeriods = aws.Int32(3) }, "waits for 3 periods"},
		{func(a *cloudwatchtypes.MetricAlarm) { a.ActionsEnabled = aws.Bool(false) }, "doesn't tell"},
		{func(a *cloudwatchtypes.MetricAlarm) { a.AlarmActions = nil }, "doesn't tell arn:aws:sns:us-west-2:111111111111:acme-master-alarms"},
	} {
		a := cloudwatchtypes.MetricAlarm{
			AlarmName: aws.String("acme-master-" + alarm.Name), Namespace: aws.String("acme-master-trail"), MetricName: &alarm.Name,
			Statistic: cloudwatchtypes.StatisticSum, Threshold: aws.Float64(1), EvaluationPeriods: aws.Int32(1),
			ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanOrEqualToThreshold,
			ActionsEnabled:     aws.Bool(true), AlarmActions: []string{w.topic.arn},
		}
		c.change(&a)
		if err := w.checkAlarm(map[string]cloudwatchtypes.MetricAlarm{aws.ToString(a.AlarmName): a}, alarm); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}
