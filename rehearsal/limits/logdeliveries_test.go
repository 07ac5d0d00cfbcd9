package limits_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestTrailsThatCannotSendToLogs has what AWS refuses of a trail that sends its events to CloudWatch Logs, too.
func TestTrailsThatCannotSendToLogs(t *testing.T) {
	t.Parallel()
	const (
		badGroup = "InvalidCloudWatchLogsLogGroupArnException"
		badRole  = "InvalidCloudWatchLogsRoleArnException"
		group    = "arn:aws:logs:eu-north-1:123456789012:log-group:z9-master-trail"
		role     = "arn:aws:iam::123456789012:role/z9-master-trail-logs"
	)
	trusts := func(service, condition string) string {
		return document(`{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole","Condition":` + condition + `}`)
	}
	may := func(actions, stream string) string {
		return fmt.Sprintf(`{"Effect":"Allow","Action":[%s],"Resource":"%s:log-stream:%s"}`, actions, group, stream)
	}
	const both = `"logs:CreateLogStream","logs:PutLogEvents"`
	for name, test := range map[string]struct {
		change    func(*fake, *cloudtrail.CreateTrailInput)
		code, why string
	}{
		"all is well": {func(*fake, *cloudtrail.CreateTrailInput) {}, "", ""},
		"no role":     {func(_ *fake, in *cloudtrail.CreateTrailInput) { in.CloudWatchLogsRoleArn = nil }, badRole, "You must specify a role ARN"},
		"no group":    {func(_ *fake, in *cloudtrail.CreateTrailInput) { in.CloudWatchLogsLogGroupArn = nil }, badGroup, "You must specify a log group"},
		"without the streams": {
			func(_ *fake, in *cloudtrail.CreateTrailInput) { in.CloudWatchLogsLogGroupArn = aws.String(group) },
			badGroup, "with all of its streams",
		},
		"in another region": {func(_ *fake, in *cloudtrail.CreateTrailInput) {
			in.CloudWatchLogsLogGroupArn = aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:z9-master-trail:*")
		}, badGroup, "isn't in the trail's region"},
		"in another account": {func(_ *fake, in *cloudtrail.CreateTrailInput) {
			in.CloudWatchLogsLogGroupArn = aws.String("arn:aws:logs:eu-north-1:111111111111:log-group:z9-master-trail:*")
		}, badGroup, "of your account"},
		"a group that isn't there": {func(f *fake, _ *cloudtrail.CreateTrailInput) { f.groups = []string{"z9-master-trail-2"} }, badGroup, "doesn't exist"},
		"a role that isn't there":  {func(f *fake, _ *cloudtrail.CreateTrailInput) { delete(f.roles, role) }, badRole, "Check the trust relationships"},
		"trust in another service": {
			func(f *fake, _ *cloudtrail.CreateTrailInput) { f.role(role, trusts("config.amazonaws.com", "{}")) },
			badRole, "Access denied. Check the trust relationships for your role.",
		},
		"trust with aws:SourceArn": {
			func(f *fake, _ *cloudtrail.CreateTrailInput) {
				f.role(role, trusts("cloudtrail.amazonaws.com", pinned))
			},
			badRole, "Access denied. Check the trust relationships for your role.",
		},
		"may create streams only": {func(f *fake, _ *cloudtrail.CreateTrailInput) {
			f.inline["z9-master-trail-logs"] = document(may(`"logs:CreateLogStream"`, "*"))
		}, badGroup, "Access denied. Check the permissions for your role. (rehearsal: logs:PutLogEvents on " + group + ":log-stream:123456789012_CloudTrail_eu-north-1 is denied"},
		"its own account's stream only": {func(f *fake, _ *cloudtrail.CreateTrailInput) {
			f.inline["z9-master-trail-logs"] = document(may(both, "123456789012_CloudTrail_*"))
		}, badGroup, ":log-stream:o-1_123456789012_CloudTrail_eu-north-1 is denied"},
		"its own account's stream, for a trail of one account": {func(f *fake, in *cloudtrail.CreateTrailInput) {
			f.inline["z9-master-trail-logs"] = document(may(both, "123456789012_CloudTrail_*"))
			in.IsOrganizationTrail = nil
			f.buckets["b"] = fakeBucket{policy: bucketPolicy("AWSLogs/123456789012/*", pinned), region: "eu-north-1"}
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := goodWorld()
			f.groups = []string{"z9-master-trail"}
			f.role(role, trusts("cloudtrail.amazonaws.com", "{}"))
			f.attached["z9-master-trail-logs"] = []string{}
			f.inline["z9-master-trail-logs"] = document(may(both, "123456789012_CloudTrail_*"), may(both, "o-1_*"))
			in := &cloudtrail.CreateTrailInput{
				Name: aws.String("z9-master-trail"), S3BucketName: aws.String("b"), IsOrganizationTrail: aws.Bool(true),
				CloudWatchLogsLogGroupArn: aws.String(group + ":*"), CloudWatchLogsRoleArn: aws.String(role),
			}
			test.change(f, in)
			s := start(t, f.ServeHTTP, unhurried(nil))
			_, err := cloudtrail.NewFromConfig(s.master()).CreateTrail(ctx(), in)
			refused(t, err, test.code, test.why)
		})
	}
}

// A role that has just been created isn't known to CloudTrail yet.
func TestLogsRoleSpreads(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::123456789012:role/new"
	f := goodWorld()
	f.groups = []string{"g"}
	f.role(role, document(`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}`))
	s := start(t, f.ServeHTTP, unhurried(nil))
	_, err := iam.NewFromConfig(s.master()).CreateRole(ctx(), &iam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: aws.String(f.roles[role])})
	must(t, err)
	_, err = cloudtrail.NewFromConfig(s.master()).CreateTrail(ctx(), &cloudtrail.CreateTrailInput{
		Name: aws.String("z9-master-trail"), S3BucketName: aws.String("b"), IsOrganizationTrail: aws.Bool(true),
		CloudWatchLogsLogGroupArn: aws.String("arn:aws:logs:eu-north-1:123456789012:log-group:g:*"), CloudWatchLogsRoleArn: aws.String(role),
	})
	refused(t, err, "InvalidCloudWatchLogsRoleArnException", "isn't known everywhere before")
}
