package limits

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

const logsTarget = "Logs_20140328."

// The two errors of CloudTrail about CloudWatch Logs.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html#API_CreateTrail_Errors
const (
	badGroup = "InvalidCloudWatchLogsLogGroupArnException"
	badRole  = "InvalidCloudWatchLogsRoleArnException"
)

// logs refuses a log group to which CloudTrail couldn't send a trail's events: one that isn't in the caller's account and the
// trail's region, or for which the role can't be assumed or lacks a permission. People report the texts of the refusals:
// https://github.com/aws/aws-cdk/issues/1963,
// https://github.com/cloudposse/terraform-aws-cloudtrail-cloudwatch-alarms/issues/2.
func (r deliveries) logs(c *proxy.Call, t *trail) *proxy.Problem {
	group, role := value(t.CloudWatchLogsLogGroupARN), value(t.CloudWatchLogsRoleARN)
	switch {
	case group == "" && role == "":
		return nil
	case role == "":
		return trailProblem(badRole, "You must specify a role ARN as well as a log group.")
	case group == "":
		return trailProblem(badGroup, "You must specify a log group as well as a role ARN.")
	}
	if why := r.group(c, t, group); why != "" {
		return trailProblem(badGroup, "CloudTrail cannot use the log group "+group+": "+why)
	}
	// CloudTrail sends neither aws:SourceArn nor aws:SourceAccount.
	// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
	keys := map[string]string{"aws:principalisawsservice": "true", "aws:principalservicename": cloudTrail}
	if why := r.assumable(c, cloudTrail, role, keys); why != "" {
		return trailProblem(badRole, "Access denied. Check the trust relationships for your role. (rehearsal: "+why+")")
	}
	if why := r.writable(c, t, group, role); why != "" {
		return trailProblem(badGroup, "Access denied. Check the permissions for your role. (rehearsal: "+why+")")
	}
	return nil
}

// group returns why a log group can't be a trail's; empty if it can.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
func (r deliveries) group(c *proxy.Call, t *trail, arn string) string {
	parts := strings.Split(arn, ":") // arn:aws:logs:<region>:<account>:log-group:<name>:*
	if len(parts) != 8 || parts[2] != "logs" || parts[5] != "log-group" || parts[7] != "*" {
		return "it isn't the ARN of a log group with all of its streams"
	}
	if parts[3] != regionOf(t.arn) || parts[4] != c.Caller.Account {
		return "it isn't in the trail's region of your account"
	}
	var found struct {
		LogGroups []struct{ LogGroupName string }
	}
	in := map[string]string{"logGroupNamePrefix": parts[6]}
	if err := r.w.AskJSONIn(c.Context(), parts[4], parts[3], "logs", logsTarget+"DescribeLogGroups", in, &found); err != nil {
		return err.Error()
	}
	if !slices.Contains(found.LogGroups, struct{ LogGroupName string }{parts[6]}) {
		return "it doesn't exist"
	}
	return ""
}

// writable returns why a role can't write a trail's streams; empty if it can. A trail has a stream for its own account, and an
// organization's trail one for each member.
func (r deliveries) writable(c *proxy.Call, t *trail, group, role string) string {
	region := regionOf(t.arn)
	streams := []string{t.owner + "_CloudTrail_" + region}
	if value(t.IsOrganizationTrail) {
		streams = append(streams, r.organization(c.Context())+"_"+t.owner+"_CloudTrail_"+region)
	}
	account := accountOf(role)
	if why := r.spreading.unpermittedRole(roleKey(account, role)); why != "" {
		return why
	}
	own := r.identities.ofIdentity(c.Context(), role)
	p := authorization.Policies{
		Management: r.w.Management, Identity: own.policies, Boundary: own.boundary,
		ServiceControl: r.controls.of(c.Context(), serviceControl, account),
	}
	for _, stream := range streams {
		for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
			q := authorization.Request{
				Action: action, Resource: strings.TrimSuffix(group, "*") + "log-stream:" + stream, ResourceAccount: accountOf(group), Complete: true,
				Principal: authorization.Principal{Type: authorization.Role, ARN: role, Account: account},
			}
			if d := authorization.Decide(q, p); !d.Allowed() {
				return fmt.Sprintf("%s on %s is %s", q.Action, q.Resource, d)
			}
		}
	}
	return ""
}
