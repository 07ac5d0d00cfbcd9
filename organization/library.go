package organization

import (
	"maps"
	"slices"

	"github.com/coldstart-aws/coldstart/policy"
)

// allowedInstanceTypes keeps instances of other types from being started, and instances from being changed to
// one. What an Auto Scaling group starts by its service-linked role isn't restricted.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_ec2.html
func allowedInstanceTypes(o *Organization) policy.Document {
	types := policy.List(slices.Sorted(slices.Values(o.Guardrails.InstanceTypes)))
	started, changed := exceptAccessRole(o), exceptAccessRole(o)
	started["StringNotLike"] = map[string]policy.List{"ec2:InstanceType": types}
	changed["StringNotLike"] = map[string]policy.List{"ec2:Attribute/InstanceType": types}
	changed["Null"] = map[string]policy.List{"ec2:Attribute/InstanceType": {"false"}}
	return deny(
		policy.Statement{Action: []string{"ec2:RunInstances"}, Resource: []string{"arn:aws:ec2:*:*:instance/*"}, Condition: started},
		policy.Statement{Action: []string{"ec2:ModifyInstanceAttribute"}, Resource: []string{"arn:aws:ec2:*:*:instance/*"}, Condition: changed},
	)
}

// allowedNetworks keeps people, by the roles that they assume and by those that IAM Identity Center makes of permission sets, from
// calling AWS from other networks. What comes
// through a VPC endpoint, or from an AWS service in a person's name, has no address of the person's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-ip.html
func allowedNetworks(o *Organization) policy.Document {
	var roles policy.List
	for _, role := range slices.Sorted(maps.Keys(o.Access.Roles)) {
		roles = append(roles, anyRole+o.Name("*", role))
	}
	for _, set := range o.PermissionSets() {
		roles = append(roles, reservedRole(set.Name))
	}
	return deny(policy.Statement{
		Action:   []string{"*"},
		Resource: []string{"*"},
		Condition: policy.Condition{
			"ArnLike":      {"aws:PrincipalArn": roles},
			"NotIpAddress": {"aws:SourceIp": slices.Sorted(slices.Values(o.Guardrails.Networks))},
			"Null":         {"aws:SourceVpc": {"true"}},
			"BoolIfExists": {"aws:ViaAWSService": {"false"}},
		},
	})
}

// carriers are actions by which data leaves the organization if the resource is somebody else's, and by which
// somebody else's role is assumed.
var carriers = []string{
	"events:PutEvents", "firehose:PutRecord*", "kinesis:PutRecord*", "kms:Encrypt", "kms:ReEncrypt*", "lambda:Invoke*",
	"s3:PutObject*", "s3:ReplicateObject", "sns:Publish", "sqs:SendMessage", "sts:AssumeRole",
}

// denyForeignResources keeps data in the organization: nobody writes to what another organization owns. Reading
// isn't in it, because AWS services have public buckets that machines read.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
func denyForeignResources(o *Organization) policy.Document {
	condition := exceptAccessRole(o)
	condition["StringNotEquals"] = map[string]policy.List{"aws:ResourceOrgID": {"${aws:PrincipalOrgID}"}}
	condition["Null"] = map[string]policy.List{"aws:ResourceOrgID": {"false"}}
	return deny(policy.Statement{Action: carriers, Resource: []string{"*"}, Condition: condition})
}

// perimeter are the actions of services whose resources have policies of their own, so that their owners can let anybody in. Of
// AWS STS's actions those are left out that an identity provider's users call: these belong to no organization, and a role's
// trust policy says which of them come in.
var perimeter = policy.List{
	"aoss:*", "dynamodb:*", "ecr:*", "events:*", "kms:*", "logs:*", "s3:*", "secretsmanager:*", "sqs:*",
	"sts:AssumeRole", "sts:DecodeAuthorizationMessage", "sts:GetAccessKeyInfo", "sts:GetFederationToken",
	"sts:GetServiceBearerToken", "sts:GetSessionToken", "sts:SetContext",
}

// denyForeignPrincipals keeps everybody out who isn't in the organization, whatever the policy of a bucket, a key, a queue, a
// secret or a role says, and AWS services that act for somebody outside (the confused deputy problem). Partners come in as the
// resources' policies let them. It is a resource control policy: it doesn't bind the management account's resources, or
// service-linked roles.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_examples.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
func denyForeignPrincipals(o *Organization) policy.Document {
	// AWS knows the organization of each resource that such a policy is about.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
	people, deputies := outside("aws:PrincipalOrgID", "aws:PrincipalAccount", o), outside("aws:SourceOrgID", "aws:SourceAccount", o)
	people["BoolIfExists"] = map[string]policy.List{"aws:PrincipalIsAWSService": {"false"}}
	deputies["Bool"] = map[string]policy.List{"aws:PrincipalIsAWSService": {"true"}}
	deputies["Null"] = map[string]policy.List{"aws:SourceAccount": {"false"}}
	return everybody(deny(
		policy.Statement{Action: perimeter, Resource: []string{"*"}, Condition: people},
		policy.Statement{Action: perimeter, Resource: []string{"*"}, Condition: deputies},
	))
}

// outside is the condition that somebody is neither in the organization nor a partner, by the condition keys that say so.
func outside(organizationKey, accountKey string, o *Organization) policy.Condition {
	keys := map[string]policy.List{organizationKey: {"${aws:ResourceOrgID}"}}
	if len(o.Guardrails.Partners) > 0 {
		keys[accountKey] = slices.Sorted(slices.Values(o.Guardrails.Partners))
	}
	return policy.Condition{"StringNotEqualsIfExists": keys}
}

// everybody makes a document one of a resource control policy.
func everybody(d policy.Document) policy.Document {
	for i := range d.Statements {
		d.Statements[i].Principal = &policy.Principal{Everyone: true}
	}
	return d
}

// denyIAMUsers keeps access keys and passwords that don't end out of accounts: people come in by roles.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#lock-away-credentials
func denyIAMUsers(o *Organization) policy.Document {
	return deny(policy.Statement{
		Action:    []string{"iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateServiceSpecificCredential", "iam:CreateUser", "iam:UploadSSHPublicKey"},
		Resource:  []string{"*"},
		Condition: exceptAccessRole(o),
	})
}

// denyMarketplace keeps accounts from subscribing to what costs money and isn't AWS's.
// https://docs.aws.amazon.com/marketplace/latest/buyerguide/buyer-iam-users-groups-policies.html
func denyMarketplace(o *Organization) policy.Document {
	return deny(policy.Statement{
		Action:    []string{"aws-marketplace:AcceptAgreementRequest", "aws-marketplace:CreateAgreementRequest", "aws-marketplace:Subscribe"},
		Resource:  []string{"*"},
		Condition: exceptAccessRole(o),
	})
}

// requireEncryption keeps unencrypted volumes, databases and file systems from being made. An instance of Aurora
// is encrypted as its cluster is, and says nothing of it.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
func requireEncryption(*Organization) policy.Document {
	without := func(key string) policy.Condition { return policy.Condition{"Bool": {key: {"false"}}} }
	instances := without("rds:StorageEncrypted")
	instances["StringNotLike"] = map[string]policy.List{"rds:DatabaseEngine": {"aurora*"}}
	return deny(
		policy.Statement{Action: []string{"ec2:CreateVolume", "ec2:RunInstances"}, Resource: []string{"arn:aws:ec2:*:*:volume/*"}, Condition: without("ec2:Encrypted")},
		policy.Statement{Action: []string{"ec2:DisableEbsEncryptionByDefault"}, Resource: []string{"*"}},
		policy.Statement{Action: []string{"rds:CreateDBCluster"}, Resource: []string{"*"}, Condition: without("rds:StorageEncrypted")},
		policy.Statement{Action: []string{"rds:CreateDBInstance"}, Resource: []string{"*"}, Condition: instances},
		policy.Statement{Action: []string{"elasticfilesystem:CreateFileSystem"}, Resource: []string{"*"}, Condition: without("elasticfilesystem:Encrypted")},
	)
}

// tagged are actions that make what costs money, and that take tags with the request, by the resources on which
// AWS decides about these.
var tagged = []policy.Statement{
	{
		Action:   []string{"dynamodb:CreateTable", "eks:CreateCluster", "lambda:CreateFunction", "rds:CreateDBCluster", "rds:CreateDBInstance"},
		Resource: []string{"*"},
	},
	{Action: []string{"ec2:RunInstances"}, Resource: []string{"arn:aws:ec2:*:*:instance/*"}},
	{Action: []string{"ec2:CreateVolume"}, Resource: []string{"arn:aws:ec2:*:*:volume/*"}},
}

// requireTags keeps what costs money from being made without each of the tags.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-requests
func requireTags(o *Organization) policy.Document {
	var statements []policy.Statement
	for _, tag := range slices.Sorted(slices.Values(o.Guardrails.Tags)) {
		for _, s := range tagged {
			s.Condition = exceptAccessRole(o)
			s.Condition["Null"] = map[string]policy.List{"aws:RequestTag/" + tag: {"true"}}
			statements = append(statements, s)
		}
	}
	return deny(statements...)
}
