package limits_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	longRole  = "arn:aws:iam::123456789012:role/long"
	shortRole = "arn:aws:iam::123456789012:role/short"
)

// A session lasts no longer than its role, and no longer than an hour if another role has assumed it.
func TestSessionDurations(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.add("111111111111", "prod@corp.example")
	f.durations = map[string]int{"long": 43200}
	s := start(t, f.ServeHTTP, unhurried(nil))
	for _, role := range []string{prodIn, longRole, shortRole} {
		f.role(role, allow(`"*"`, ""))
	}
	session := must2(s.assume("test", prodIn))(t)
	for _, c := range []struct {
		key, role string
		asked     time.Duration
		want      string
	}{
		{"test", longRole, 12 * time.Hour, ""},
		{"test", shortRole, time.Hour, ""},
		{"test", shortRole, time.Hour + time.Second, "exceeds the MaxSessionDuration set for this role"},
		{session, longRole, time.Hour, ""},
		{session, longRole, 2 * time.Hour, "exceeds the 1 hour session limit for roles assumed by role chaining"},
		{session, shortRole, 2 * time.Hour, "exceeds the 1 hour session limit for roles assumed by role chaining"},
	} {
		_, err := sts.NewFromConfig(s.config(c.key)).AssumeRole(ctx(), &sts.AssumeRoleInput{
			RoleArn: &c.role, RoleSessionName: aws.String("coldstart"), DurationSeconds: aws.Int32(int32(c.asked.Seconds())),
		})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s of %s by %s: %v", c.asked, c.role, c.key, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s of %s by %s: %v, not %q", c.asked, c.role, c.key, err, c.want)
		}
	}
}
