package organization_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/iamdata"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// guarded is a call by somebody who may do everything but for one guardrail.
type guarded struct {
	what      string
	principal string // A role's name, root, foreigner, partner, or a service.
	action    string
	resource  string
	keys      map[string][]string
	denied    bool
}

const (
	anInstance = "arn:aws:ec2:us-west-2:111122223333:instance/i-1"
	aVolume    = "arn:aws:ec2:us-west-2:111122223333:volume/v-1"
	anImage    = "arn:aws:ec2:us-west-2::image/ami-1"
)

// with returns the keys of a call.
func with(pairs ...string) map[string][]string {
	keys := map[string][]string{"aws:PrincipalOrgID": {"o-1"}}
	for i := 0; i < len(pairs); i += 2 {
		keys[pairs[i]] = []string{pairs[i+1]}
	}
	return keys
}

// absent returns the keys of a call that lacks one.
func absent(key string) map[string][]string {
	keys := with()
	keys[key] = nil
	return keys
}

// What each guardrail has to deny, and what it has to allow.
var guardrailCases = map[string][]guarded{
	organization.DenyLeaving: {
		{"anybody leaves", "admin", "organizations:LeaveOrganization", "*", nil, true},
		{"coldstart leaves", organization.AccessRole, "organizations:LeaveOrganization", "*", nil, true},
		{"somebody looks", "admin", "organizations:DescribeOrganization", "*", nil, false},
	},
	organization.DenyRootUser: {
		{"the root user", "root", "s3:ListAllMyBuckets", "*", absent("aws:AssumedRoot"), true},
		{"central root access", "root", "s3:DeleteBucketPolicy", "arn:aws:s3:::shut", with("aws:AssumedRoot", "true"), false},
		{"an administrator", "admin", "s3:ListAllMyBuckets", "*", nil, false},
	},
	organization.AllowedInstanceTypes: {
		{"an allowed type", "admin", "ec2:RunInstances", anInstance, with("ec2:InstanceType", "t3.micro"), false},
		{"another type", "admin", "ec2:RunInstances", anInstance, with("ec2:InstanceType", "p5.48xlarge"), true},
		{"the image of another type", "admin", "ec2:RunInstances", anImage, nil, false},
		{"a change to another type", "admin", "ec2:ModifyInstanceAttribute", anInstance, with("ec2:Attribute/InstanceType", "p5.48xlarge"), true},
		{"a change to an allowed one", "admin", "ec2:ModifyInstanceAttribute", anInstance, with("ec2:Attribute/InstanceType", "t3.large"), false},
		{"a change of something else", "admin", "ec2:ModifyInstanceAttribute", anInstance, nil, false},
		{"coldstart", organization.AccessRole, "ec2:RunInstances", anInstance, with("ec2:InstanceType", "p5.48xlarge"), false},
	},
	organization.AllowedNetworks: {
		{"from the office", "z9-app-admin", "ec2:DescribeInstances", "*", with("aws:SourceIp", "203.0.113.7", "aws:ViaAWSService", "false"), false},
		{"from elsewhere", "z9-app-admin", "ec2:DescribeInstances", "*", with("aws:SourceIp", "198.51.100.7", "aws:ViaAWSService", "false"), true},
		{"by Identity Center, from the office", "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_z9-admin_0123456789abcdef", "ec2:DescribeInstances", "*", with("aws:SourceIp", "203.0.113.7", "aws:ViaAWSService", "false"), false},
		{"by Identity Center, from elsewhere", "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_z9-admin_0123456789abcdef", "ec2:DescribeInstances", "*", with("aws:SourceIp", "198.51.100.7", "aws:ViaAWSService", "false"), true},
		{"by Identity Center in us-east-1, from elsewhere", "aws-reserved/sso.amazonaws.com/AWSReservedSSO_z9-admin_0123456789abcdef", "ec2:DescribeInstances", "*", with("aws:SourceIp", "198.51.100.7", "aws:ViaAWSService", "false"), true},
		{"by another permission set, from elsewhere", "aws-reserved/sso.amazonaws.com/AWSReservedSSO_z9-administrators_0123456789abcdef", "ec2:DescribeInstances", "*", with("aws:SourceIp", "198.51.100.7", "aws:ViaAWSService", "false"), false},
		{"by a service in a person's name", "z9-app-admin", "ec2:DescribeInstances", "*", with("aws:SourceIp", "198.51.100.7", "aws:ViaAWSService", "true"), false},
		{"through a VPC endpoint", "z9-app-admin", "ec2:DescribeInstances", "*", with("aws:SourceVpc", "vpc-1", "aws:ViaAWSService", "false"), false},
		{"a machine from elsewhere", "service", "ec2:DescribeInstances", "*", with("aws:SourceIp", "198.51.100.7", "aws:ViaAWSService", "false"), false},
		{"coldstart from elsewhere", organization.AccessRole, "ec2:DescribeInstances", "*", with("aws:SourceIp", "198.51.100.7", "aws:ViaAWSService", "false"), false},
	},
	organization.DenyForeignResources: {
		{"into the own organization", "admin", "s3:PutObject", "arn:aws:s3:::own/x", with("aws:ResourceOrgID", "o-1"), false},
		{"into another one", "admin", "s3:PutObject", "arn:aws:s3:::theirs/x", with("aws:ResourceOrgID", "o-2"), true},
		{"reading from another one", "admin", "s3:GetObject", "arn:aws:s3:::theirs/x", with("aws:ResourceOrgID", "o-2"), false},
		{"entering another one", "admin", "sts:AssumeRole", "arn:aws:iam::999988887777:role/x", with("aws:ResourceOrgID", "o-2"), true},
		{"what is nobody's", "admin", "sns:Publish", "arn:aws:sns:us-west-2:111122223333:x", nil, false},
	},
	organization.DenyForeignPrincipals: {
		{"a foreigner reads", "foreigner", "s3:GetObject", "arn:aws:s3:::open/x", with("aws:PrincipalOrgID", "o-2", "aws:PrincipalIsAWSService", "false"), true},
		{"a foreigner of no organization", "foreigner", "kms:Decrypt", "arn:aws:kms:us-west-2:111122223333:key/x", absent("aws:PrincipalOrgID"), true},
		{"nobody reads", "nobody", "s3:GetObject", "arn:aws:s3:::open/x", absent("aws:PrincipalOrgID"), true},
		{"a foreigner enters", "foreigner", "sts:AssumeRole", "arn:aws:iam::111122223333:role/open", with("aws:PrincipalOrgID", "o-2"), true},
		{"a partner enters", "partner", "sts:AssumeRole", "arn:aws:iam::111122223333:role/open", with("aws:PrincipalOrgID", "o-2"), false},
		{"a member reads", "admin", "s3:GetObject", "arn:aws:s3:::open/x", nil, false},
		{"coldstart enters", organization.AccessRole, "sts:AssumeRole", "arn:aws:iam::111122223333:role/open", nil, false},
		{"a service for a member", "cloudtrail.amazonaws.com", "s3:PutObject", "arn:aws:s3:::open/x", with("aws:SourceAccount", "111122223333", "aws:SourceOrgID", "o-1"), false},
		{"a service for a foreigner", "cloudtrail.amazonaws.com", "s3:PutObject", "arn:aws:s3:::open/x", with("aws:SourceAccount", "999988887777", "aws:SourceOrgID", "o-2"), true},
		{"a service for somebody of no organization", "cloudtrail.amazonaws.com", "s3:PutObject", "arn:aws:s3:::open/x", with("aws:SourceAccount", "999988887777"), true},
		{"a service for a partner", "cloudtrail.amazonaws.com", "s3:PutObject", "arn:aws:s3:::open/x", with("aws:SourceAccount", "444455556666", "aws:SourceOrgID", "o-2"), false},
		{"a service for itself", "delivery.logs.amazonaws.com", "s3:PutObject", "arn:aws:s3:::open/x", nil, false},
		{"a workflow enters", "web", "sts:AssumeRoleWithWebIdentity", "arn:aws:iam::111122223333:role/open", absent("aws:PrincipalOrgID"), false},
	},
	organization.DenyIAMUsers: {
		{"a user", "admin", "iam:CreateUser", "arn:aws:iam::111122223333:user/x", nil, true},
		{"an access key", "admin", "iam:CreateAccessKey", "arn:aws:iam::111122223333:user/x", nil, true},
		{"a role", "admin", "iam:CreateRole", "arn:aws:iam::111122223333:role/x", nil, false},
		{"coldstart makes a user", organization.AccessRole, "iam:CreateUser", "arn:aws:iam::111122223333:user/x", nil, false},
		{"the exempt role is made", "admin", "iam:CreateRole", "arn:aws:iam::111122223333:role/" + organization.AccessRole, nil, true},
	},
	organization.DenyMarketplace: {
		{"a subscription", "admin", "aws-marketplace:Subscribe", "*", nil, true},
		{"looking", "admin", "aws-marketplace:ViewSubscriptions", "*", nil, false},
	},
	organization.RequireEncryption: {
		{"an unencrypted volume", "admin", "ec2:CreateVolume", aVolume, with("ec2:Encrypted", "false"), true},
		{"an encrypted volume", "admin", "ec2:CreateVolume", aVolume, with("ec2:Encrypted", "true"), false},
		{"an instance with an unencrypted volume", "admin", "ec2:RunInstances", aVolume, with("ec2:Encrypted", "false"), true},
		{"the instance itself", "admin", "ec2:RunInstances", anInstance, nil, false},
		{"the default is turned off", organization.AccessRole, "ec2:DisableEbsEncryptionByDefault", "*", nil, true},
		{"an unencrypted database", "admin", "rds:CreateDBInstance", "arn:aws:rds:us-west-2:111122223333:db:x", with("rds:StorageEncrypted", "false", "rds:DatabaseEngine", "postgres"), true},
		{"an instance of Aurora", "admin", "rds:CreateDBInstance", "arn:aws:rds:us-west-2:111122223333:db:x", with("rds:StorageEncrypted", "false", "rds:DatabaseEngine", "aurora-postgresql"), false},
		{"an unencrypted cluster", "admin", "rds:CreateDBCluster", "arn:aws:rds:us-west-2:111122223333:cluster:x", with("rds:StorageEncrypted", "false"), true},
		{"an unencrypted file system", "admin", "elasticfilesystem:CreateFileSystem", "*", with("elasticfilesystem:Encrypted", "false"), true},
		{"an encrypted one", "admin", "elasticfilesystem:CreateFileSystem", "*", with("elasticfilesystem:Encrypted", "true"), false},
	},
	organization.RequireTags: {
		{"all tags", "admin", "ec2:RunInstances", anInstance, with("aws:RequestTag/CostCenter", "1", "aws:RequestTag/Team", "a"), false},
		{"one of two", "admin", "ec2:RunInstances", anInstance, with("aws:RequestTag/CostCenter", "1"), true},
		{"the image needs none", "admin", "ec2:RunInstances", anImage, nil, false},
		{"a function without", "admin", "lambda:CreateFunction", "arn:aws:lambda:us-west-2:111122223333:function:x", nil, true},
		{"coldstart", organization.AccessRole, "dynamodb:CreateTable", "arn:aws:dynamodb:us-west-2:111122223333:table/x", nil, false},
	},
	organization.RequireIMDSv2: {
		{"an instance with IMDSv1", "admin", "ec2:RunInstances", anInstance, with("ec2:MetadataHttpTokens", "optional"), true},
		{"an instance with IMDSv2", "admin", "ec2:RunInstances", anInstance, with("ec2:MetadataHttpTokens", "required"), false},
		{"credentials from IMDSv1", "machine", "s3:ListAllMyBuckets", "*", with("ec2:RoleDelivery", "1.0"), true},
		{"credentials from IMDSv2", "machine", "s3:ListAllMyBuckets", "*", with("ec2:RoleDelivery", "2.0"), false},
	},
	organization.AllowedRegions: {
		{"a region", "admin", "ec2:DescribeInstances", "*", with("aws:RequestedRegion", "us-west-2"), false},
		{"another", "admin", "ec2:DescribeInstances", "*", with("aws:RequestedRegion", "sa-east-1"), true},
		{"a global service", "admin", "iam:ListRoles", "*", with("aws:RequestedRegion", "sa-east-1"), false},
	},
	organization.DenyPublicS3: {
		{"the block is lifted", "admin", "s3:PutAccountPublicAccessBlock", "*", nil, true},
		{"a bucket", "admin", "s3:CreateBucket", "arn:aws:s3:::x", nil, false},
		{"coldstart sets it", organization.AccessRole, "s3:PutAccountPublicAccessBlock", "*", nil, false},
	},
	organization.ProtectAudit: {
		{"the trail is stopped", "admin", "cloudtrail:StopLogging", "arn:aws:cloudtrail:us-west-2:111122223333:trail/z9-app-trail", nil, true},
		{"the trail is read", "admin", "cloudtrail:GetTrailStatus", "arn:aws:cloudtrail:us-west-2:111122223333:trail/z9-app-trail", nil, false},
		{"another trail", "admin", "cloudtrail:StopLogging", "arn:aws:cloudtrail:us-west-2:111122223333:trail/mine", nil, false},
		{"a log is deleted", "admin", "s3:DeleteObject", "arn:aws:s3:::z9-logs-trails-111122223333/x", nil, true},
		{"the root user deletes it", "root", "s3:DeleteObject", "arn:aws:s3:::z9-logs-trails-111122223333/x", nil, true},
		{"a recorder is stopped", "admin", "config:StopConfigurationRecorder", "*", nil, true},
		{"a recorder records less", "admin", "config:PutConfigurationRecorder", "*", nil, true},
		{"what it has recorded is deleted", "admin", "s3:DeleteObject", "arn:aws:s3:::z9-logs-config-111122223333/x", nil, true},
		{"its key goes", "admin", "kms:ScheduleKeyDeletion", "arn:aws:kms:us-west-2:111122223333:key/k", with("kms:ResourceAliases", "alias/z9-logs-config"), true},
		{"a recorder is looked at", "admin", "config:DescribeConfigurationRecorders", "*", nil, false},
		{"the rule for findings is disabled", "admin", "events:DisableRule", "arn:aws:events:us-west-2:111122223333:rule/z9-logs-findings", nil, true},
		{"the rule for findings is looked at", "admin", "events:ListTargetsByRule", "arn:aws:events:us-west-2:111122223333:rule/z9-logs-findings", nil, false},
		{"another rule", "admin", "events:DisableRule", "arn:aws:events:us-west-2:111122223333:rule/mine", nil, false},
		{"the topic of findings goes", "admin", "sns:DeleteTopic", "arn:aws:sns:us-west-2:111122223333:z9-logs-findings", nil, true},
		{"somebody else hears of findings, too", "admin", "sns:Subscribe", "arn:aws:sns:us-west-2:111122223333:z9-logs-findings", nil, false},
		{"a finding that is made up", "admin", "sns:Publish", "arn:aws:sns:us-west-2:111122223333:z9-logs-findings", nil, true},
		{"coldstart changes the rule", organization.AccessRole, "events:PutRule", "arn:aws:events:us-west-2:111122223333:rule/z9-logs-findings", nil, false},
		{"coldstart turns it off", organization.AccessRole, "config:DeleteConfigurationRecorder", "*", nil, false},
	},
	organization.ProtectAccess: {
		{"a role of coldstart's", "admin", "iam:PutRolePolicy", "arn:aws:iam::111122223333:role/z9-app-admin", with("aws:ResourceTag/ManagedBy", "coldstart"), true},
		{"a team's that is called alike", "admin", "iam:PutRolePolicy", "arn:aws:iam::111122223333:role/z9-app-admin", with("aws:ResourceTag/ManagedBy", "us"), false},
		{"the access role", "admin", "iam:DeleteRole", "arn:aws:iam::111122223333:role/" + organization.AccessRole, nil, true},
	},
	organization.Quarantine: {
		{"anything", "admin", "s3:ListAllMyBuckets", "*", nil, true},
		{"coldstart", organization.AccessRole, "s3:ListAllMyBuckets", "*", nil, false},
	},
}

// TestGuardrailCases tries what each guardrail of the library has to deny and to allow.
func TestGuardrailCases(t *testing.T) {
	t.Parallel()
	o := organization.Defaults()
	o.Namespace, o.Audit.Account = "z9", "logs"
	o.Guardrails.Regions, o.Guardrails.InstanceTypes = []string{"us-west-2"}, []string{"t3.*"}
	o.Guardrails.Networks, o.Guardrails.Tags = []string{"203.0.113.0/24"}, []string{"Team", "CostCenter"}
	o.Guardrails.Partners = []string{"444455556666"}
	o.Accounts["app"], o.Access.People = organization.Account{}, organization.PeopleBoth
	o.Access.Groups = map[string]map[string][]string{"admins": {"app": {"admin"}}}
	o.Security = organization.Security{Account: "logs", Config: organization.RecordDaily, SecurityHub: &organization.SecurityHub{}, Findings: "soc@z9.example"}
	for _, name := range library {
		document, _ := o.Guardrail(name)
		cases := guardrailCases[name]
		if !slices.ContainsFunc(cases, func(c guarded) bool { return c.denied }) || !slices.ContainsFunc(cases, func(c guarded) bool { return !c.denied }) {
			t.Errorf("%s has no case that it denies, or none that it allows", name)
		}
		for _, c := range cases {
			d := decide(name, document, c)
			if want := map[bool]authorization.Outcome{true: authorization.DeniedExplicitly, false: authorization.Allowed}[c.denied]; d.Outcome != want {
				t.Errorf("%s: %s: %s", name, c.what, d)
			}
		}
		checkKeys(t, name, document)
	}
}

// decide decides a call of somebody whom all but one guardrail let do everything.
func decide(name string, guardrail policy.Document, c guarded) authorization.Decision {
	everything := authorization.Policy{Name: "everything", Document: policy.Document{Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.List{"*"}, Resource: policy.List{"*"}}}}}
	open := everything
	open.Document.Statements = []policy.Statement{{Effect: policy.Allow, Principal: &policy.Principal{Everyone: true}, Action: policy.List{"*"}, Resource: policy.List{"*"}}}
	levels := func(full authorization.Policy) []authorization.Level {
		return []authorization.Level{{Name: "account", Policies: []authorization.Policy{{Name: name, Document: guardrail}, full}}}
	}
	policies := authorization.Policies{Management: "999900001111", Identity: []authorization.Policy{everything}}
	keys := map[string][]string{}
	if guardrail.Statements[0].Principal != nil {
		policies.ResourceControl, policies.Resource = levels(open), &open
		keys["aws:ResourceOrgID"] = []string{"o-1"}
	} else {
		policies.ServiceControl = levels(everything)
	}
	maps.Copy(keys, c.keys)
	if keys["aws:PrincipalOrgID"] == nil && c.keys == nil {
		keys["aws:PrincipalOrgID"] = []string{"o-1"}
	}
	return authorization.Decide(authorization.Request{
		Action: c.action, Resource: c.resource, ResourceAccount: "111122223333", Principal: principalOf(c.principal), Keys: keys, Complete: true,
	}, policies)
}

func principalOf(who string) authorization.Principal {
	role := func(account string) authorization.Principal {
		return authorization.Principal{Type: authorization.Role, Account: account, ARN: organization.RoleARN(account, who)}
	}
	switch {
	case who == "root":
		return authorization.Principal{Type: authorization.Root, Account: "111122223333", ARN: "arn:aws:iam::111122223333:root"}
	case who == "foreigner":
		return role("999988887777")
	case who == "partner":
		return role("444455556666")
	case who == "nobody":
		return authorization.Principal{Type: authorization.Anonymous}
	case who == "web":
		return authorization.Principal{Type: authorization.WebIdentity, ARN: organization.GitHubProviderARN("111122223333")}
	case strings.HasSuffix(who, ".amazonaws.com"):
		return authorization.Principal{Type: authorization.Service, ARN: who}
	}
	return role("111122223333")
}

// checkKeys checks that AWS sends each condition key of a guardrail with the actions that it is about: a key that
// AWS doesn't send makes a denial that never holds, or one that always does.
func checkKeys(t *testing.T, name string, document policy.Document) {
	t.Helper()
	for _, s := range document.Statements {
		for _, pattern := range s.Action {
			if pattern == "*" {
				continue
			}
			actions := iamdata.Matching(pattern)
			if len(actions) == 0 {
				t.Errorf("%s: AWS has no action %s", name, pattern)
			}
			for _, keys := range s.Condition {
				for key := range keys {
					if strings.HasPrefix(key, "aws:ResourceTag/") {
						continue // AWS lists it for types of resources.
					}
					if !slices.ContainsFunc(actions, func(action string) bool { return !iamdata.Absent(action, key) }) {
						t.Errorf("%s: AWS sends no %s with %s", name, key, pattern)
					}
				}
			}
		}
	}
}

// What guardrails are built from is checked.
func TestGuardrailParameters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{root: [allowed-instance-types]}":      `"allowed-instance-types" has no types to allow`,
		"{root: [allowed-networks]}":            `"allowed-networks" has no networks to allow`,
		"{root: [require-tags]}":                `"require-tags" has no tags to require`,
		"{instanceTypes: [t3]}":                 `"t3" is no instance type; write <family>.<size>`,
		"{networks: [203.0.113.7/24]}":          `"203.0.113.7/24" is not a network`,
		"{tags: [\"a|b\"]}":                     `"a|b" is not a tag's name`,
		"{root: [deny-iam-users]}":              `"deny-iam-users" keeps the users in account home from managing their access keys`,
		"{root: [allowed-instance-tipes]}":      "did you mean allowed-instance-types?",
		"{root: [deny-marketplace], tags: [x]}": "",
	} {
		_, err := organization.Parse(organization.File, []byte(`config: {coldstart:namespace: z9, coldstart:domain: z9.example, coldstart:region: eu-west-1, coldstart:email: "z+%s@z9.example", `+
			`coldstart:audit: none, coldstart:accounts: {home: {}}, coldstart:access: {account: home}, coldstart:users: {ada: {}}, coldstart:guardrails: `+text+"}"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
