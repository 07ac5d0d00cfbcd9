package organization

import "strings"

// LogsRole is the last part of the name of the role by which CloudTrail writes to CloudWatch Logs. AlarmsName is that of the topic
// that alarms go to.
const (
	LogsRole   = "trail-logs"
	AlarmsName = "alarms"
)

// LogDays is for how many days CloudWatch Logs keeps what alarms look at: the year that Security Hub's control CloudWatch.16 asks
// for. The archive keeps logs for Audit.RetentionDays.
// https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-16
const LogDays = 365

// Alarm is an alarm that the security team gets when the organization's trail records certain events.
type Alarm struct {
	// Name is the last part of the alarm's name, and the name of its metric and metric filter.
	Name string
	// Means says what has happened.
	Means string
	// Control is the control of AWS Security Hub that asks for the alarm; empty for one that Security Hub doesn't ask for.
	Control string
	// Pattern selects the events, in the syntax of CloudWatch Logs for JSON.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
	Pattern string
}

// Alarms returns the alarms of the CIS AWS Foundations Benchmark. Their patterns are those that Security Hub looks for.
// https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html
func Alarms() []Alarm {
	return []Alarm{
		{
			"root-usage", "A root user was used.", "CloudWatch.1",
			`{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}`,
		},
		{
			"unauthorized-calls", "Somebody called AWS and wasn't allowed to.", "CloudWatch.2",
			`{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}`,
		},
		{
			"sign-in-without-mfa", "A user of IAM signed in to the console without a second factor.", "CloudWatch.3",
			`{($.eventName="ConsoleLogin") && ($.additionalEventData.MFAUsed !="Yes") && ($.userIdentity.type="IAMUser") && ($.responseElements.ConsoleLogin="Success")}`,
		},
		{
			"iam-policy-changes", "A policy of IAM was changed, or attached to something else.", "CloudWatch.4", eventsOf(
				"iam.amazonaws.com", "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
				"CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy", "DetachRolePolicy",
				"AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy", "DetachGroupPolicy",
			),
		},
		{
			"trail-changes", "A trail of CloudTrail was changed or stopped.", "CloudWatch.5",
			anyOf("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
		},
		{
			"failed-sign-ins", "Somebody failed to sign in to the console.", "CloudWatch.6",
			`{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}`,
		},
		{
			"key-deletions", "A key of KMS was disabled, or its deletion was scheduled.", "CloudWatch.7",
			eventsOf("kms.amazonaws.com", "DisableKey", "ScheduleKeyDeletion"),
		},
		{
			"bucket-policy-changes", "Somebody changed who reaches a bucket, or what the bucket keeps.", "CloudWatch.8", eventsOf(
				"s3.amazonaws.com", "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication",
				"DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication",
			),
		},
		{
			"config-changes", "A recorder of AWS Config was changed or stopped.", "CloudWatch.9",
			eventsOf("config.amazonaws.com", "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"),
		},
		{
			"security-group-changes", "A security group was changed.", "CloudWatch.10", anyOf(
				"AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress",
				"CreateSecurityGroup", "DeleteSecurityGroup",
			),
		},
		{
			"network-acl-changes", "A network ACL was changed.", "CloudWatch.11", anyOf(
				"CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation",
			),
		},
		{
			"gateway-changes", "A gateway of a network was changed.", "CloudWatch.12", anyOf(
				"CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway",
			),
		},
		{
			"route-changes", "A route of a network was changed.", "CloudWatch.13", eventsOf(
				"ec2.amazonaws.com", "CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable",
			),
		},
		{
			"vpc-changes", "A VPC was changed, or peered with another one.", "CloudWatch.14", anyOf(
				"CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection", "DeleteVpcPeeringConnection",
				"RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc", "DisableVpcClassicLink", "EnableVpcClassicLink",
			),
		},
		{
			// CIS AWS Foundations Benchmark 5.0.0, section 4.15.
			"organization-changes", "The organization was changed: its accounts, units or policies.", "", eventsOf(
				"organizations.amazonaws.com", "AcceptHandshake", "AttachPolicy", "CancelHandshake", "CreateAccount", "CreateOrganization",
				"CreateOrganizationalUnit", "CreatePolicy", "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy",
				"EnableAllFeatures", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "DetachPolicy", "DisablePolicyType",
				"MoveAccount", "RemoveAccountFromOrganization", "UpdateOrganizationalUnit", "UpdatePolicy",
			),
		},
	}
}

// EmergencyAlarm is the name of the alarm on users for emergencies.
const EmergencyAlarm = "emergency-users"

// Alarms returns the alarms of the function Alarms, and one on whatever a user for emergencies does, if there are such users: a sign-in,
// and the call by which the user assumes a role.
// https://docs.aws.amazon.com/wellarchitected/latest/framework/sec_permissions_emergency_process.html
func (o *Organization) Alarms() []Alarm {
	users := o.EmergencyUsers()
	if len(users) == 0 {
		return Alarms()
	}
	return append(Alarms(), Alarm{
		EmergencyAlarm, "A user for emergencies signed in or called AWS.", "",
		`{($.userIdentity.type="IAMUser") && (($.userIdentity.userName="` + strings.Join(users, `") || ($.userIdentity.userName="`) + `"))}`,
	})
}

// maxFilterPattern is how long a pattern can be.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
const maxFilterPattern = 1024

// anyOf selects events of one of the names.
func anyOf(names ...string) string { return "{" + alternatives(names) + "}" }

// eventsOf selects events of a service that have one of the names.
func eventsOf(source string, names ...string) string {
	return "{($.eventSource=" + source + ") && (" + alternatives(names) + ")}"
}

func alternatives(names []string) string {
	return "($.eventName=" + strings.Join(names, ") || ($.eventName=") + ")"
}

// Alarmed reports whether alarms look at the organization's trail.
func (o *Organization) Alarmed() bool { return o.Security.Alarms != "" }

// Description is the text of the alarm in AWS, which is in the message that AWS sends.
func (a Alarm) Description() string {
	if a.Control == "" {
		return a.Means
	}
	return a.Means + " (" + a.Control + ")"
}
