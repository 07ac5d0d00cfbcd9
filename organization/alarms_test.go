package organization_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestAlarms compares the alarms with what CloudWatch Logs takes.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
func TestAlarms(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, alarm := range organization.Alarms() {
		if seen[alarm.Name] || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(alarm.Name) {
			t.Errorf("%q stands there twice or isn't a name", alarm.Name)
		}
		seen[alarm.Name] = true
		if n := len(alarm.Pattern); n > 1024 {
			t.Errorf("the pattern of %s has %d characters", alarm.Name, n)
		}
		if strings.Count(alarm.Pattern, "(") != strings.Count(alarm.Pattern, ")") || !strings.HasPrefix(alarm.Pattern, "{") || !strings.HasSuffix(alarm.Pattern, "}") {
			t.Errorf("the pattern of %s isn't one: %s", alarm.Name, alarm.Pattern)
		}
		if !strings.HasSuffix(alarm.Means, ".") {
			t.Errorf("what %s means isn't a sentence: %s", alarm.Name, alarm.Means)
		}
	}
	org := organization.Defaults()
	if n := len(org.Alarms()); n != 15 {
		t.Errorf("%d alarms without users for emergencies", n)
	}
	org.Users = map[string]organization.User{"ada": {}, "one": {Emergency: true}, "two": {Emergency: true}}
	const want = `{($.userIdentity.type="IAMUser") && (($.userIdentity.userName="one") || ($.userIdentity.userName="two"))}`
	if last := org.Alarms()[15]; last.Name != organization.EmergencyAlarm || last.Pattern != want {
		t.Errorf("the alarm on users for emergencies is %+v", last)
	}
	if len(seen) != 15 {
		t.Errorf("%d alarms, and the CIS AWS Foundations Benchmark has 15", len(seen))
	}
}
