package iamdata

import "testing"

func TestKeyOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action, key, want string
		typ               Type
	}{
		// Listed for the action.
		{"s3:PutObject", "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption", String},
		{"S3:putobject", "S3:X-AMZ-SERVER-SIDE-ENCRYPTION", "s3:x-amz-server-side-encryption", String},
		{"s3:PutObject", "s3:RequestObjectTag/team", "s3:RequestObjectTag/<key>", String},
		{"s3:PutObject", "s3:object-lock-remaining-retention-days", "s3:object-lock-remaining-retention-days", Numeric},
		{"s3:PutObject", "s3:object-lock-retain-until-date", "s3:object-lock-retain-until-date", Date},
		{"iam:PassRole", "iam:PassedToService", "iam:PassedToService", String},
		{"iam:CreateRole", "iam:PermissionsBoundary", "iam:PermissionsBoundary", ARN},
		{"kms:Decrypt", "kms:EncryptionContext:aws:cloudtrail:arn", "kms:EncryptionContext:${EncryptionContextKey}", String},
		{"kms:Decrypt", "kms:EncryptionContextKeys", "kms:EncryptionContextKeys", ArrayOfString},
		{"kms:CreateGrant", "kms:GrantIsForAWSResource", "kms:GrantIsForAWSResource", Bool},
		{"route53:ChangeResourceRecordSets", "route53:ChangeResourceRecordSetsRecordTypes", "route53:ChangeResourceRecordSetsRecordTypes", ArrayOfString},
		{"sts:AssumeRole", "sts:ExternalId", "sts:ExternalId", String},
		{"s3express:CreateSession", "s3express:SessionMode", "s3express:SessionMode", String},
		{"ec2:ModifyInstanceMetadataOptions", "ec2:Attribute/HttpTokens", "ec2:Attribute/${AttributeName}", String},
		// Listed for the action on a type, or for the type.
		{"ec2:RunInstances", "ec2:MetadataHttpTokens", "ec2:MetadataHttpTokens", String},
		{"kms:DeleteAlias", "kms:ResourceAliases", "kms:ResourceAliases", ArrayOfString},
		{"s3:GetObject", "aws:resourcetag/Team", "aws:ResourceTag/${TagKey}", String},
		{"iam:CreateUser", "aws:RequestTag/a/b:c", "aws:RequestTag/${TagKey}", String},
		{"iam:CreateUser", "aws:TagKeys", "aws:TagKeys", ArrayOfString},
		// Global.
		{"s3:GetObject", "aws:PrincipalARN", "aws:PrincipalArn", ARN},
		{"tag:GetResources", "aws:PrincipalTag/Team", "aws:PrincipalTag/${TagKey}", String},
		{"tag:GetResources", "aws:SourceOrgPaths", "aws:SourceOrgPaths", ArrayOfString},
		{"s3:GetObject", "aws:ResourceOrgID", "aws:ResourceOrgID", String},
		{"s3:GetObject", "ec2:RoleDelivery", "ec2:RoleDelivery", Numeric},
		{"kms:Decrypt", "lambda:SourceFunctionArn", "lambda:SourceFunctionArn", ARN},
		// Listed for no action of the service.
		{"account:PutAlternateContact", "account:AccountResourceOrgTags/team", "account:AccountResourceOrgTags/${TagKey}", String},
		// Of identity providers, in AWS's list or not.
		{"sts:AssumeRoleWithWebIdentity", "token.actions.githubusercontent.com:repository_id", "token.actions.githubusercontent.com:repository_id", String},
		{"sts:AssumeRoleWithWebIdentity", "token.actions.githubusercontent.com:sub", "token.actions.githubusercontent.com:sub", String},
		{"s3:GetObject", "oidc.eks.eu-west-1.amazonaws.com/id/0AB:sub", "oidc.eks.eu-west-1.amazonaws.com/id/0AB:sub", String},
		{"s3:GetObject", "SAML:SUB", "saml:sub", String},
	} {
		if got, sent := KeyOf(c.action, c.key); !sent || got.Name != c.want || got.Type != c.typ {
			t.Errorf("%s with %s: %v, %v", c.action, c.key, got, sent)
		}
	}
	for _, c := range [][2]string{
		{"s3:GetObject", "s3:x-amz-acl"},
		{"s3:GetObject", "s3:ExistingObjectTag/"},
		{"s3:GetObject", "kms:ViaService"},
		{"s3:GetObject", "aws:RequestTag/Team"},
		{"s3:GetObject", "aws:TagKeys"},
		{"s3:GetObject", "aws:Nothing"},
		{"s3:GetObject", "saml:nothing"},
		{"s3:GetObject", ""},
		{"iam:CreateRole", "iam:PassedToService"},
		{"ec2:RunInstances", "iam:PassedToService"},
		{"kms:CreateKey", "kms:GrantIsForAWSResource"},
		{"iam:ListUsers", "aws:ResourceTag/Team"},
		{"ec2:AcceptVpcEndpointConnections", "aws:ResourceOrgID"},
		{"s3:*", "aws:PrincipalArn"},
		{"nothing:Get", "aws:PrincipalArn"},
	} {
		if got, sent := KeyOf(c[0], c[1]); sent {
			t.Errorf("%s with %q: %v", c[0], c[1], got)
		}
	}
}

func TestGlobal(t *testing.T) {
	t.Parallel()
	for key, multivalued := range map[string]bool{
		"aws:PrincipalArn": false, "aws:PrincipalOrgPaths": true, "AWS:TAGKEYS": true, "aws:RequestTag/Team": false, "ec2:SourceInstanceARN": false,
	} {
		if got, found := Global(key); !found || got.Multivalued() != multivalued {
			t.Errorf("%s: %v, %v", key, got, found)
		}
	}
	for _, key := range []string{"aws:RequestTag/", "aws:Nothing", "s3:x-amz-acl", ""} {
		if got, found := Global(key); found {
			t.Errorf("%q: %v", key, got)
		}
	}
	seen := map[string]bool{}
	for _, g := range globalKeys {
		if seen[g.Name] {
			t.Errorf("%s is twice in the table", g.Name)
		}
		seen[g.Name] = true
	}
}

// TestAbsent takes only what the table has for other actions as absent.
func TestAbsent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action, key string
		want        bool
	}{
		{"s3:GetObject", "kms:EncryptionContext:aws:s3:arn", true},
		{"s3:GetObject", "S3:x-amz-acl", true},
		{"s3:PutObject", "s3:x-amz-acl", false},
		{"s3:PutObject", "s3:SomethingNew", false},
		{"s3:SomethingNew", "kms:ViaService", false},
		{"s3:GetObject", "aws:SourceIp", false},
		{"s3:GetObject", "nosuch:Key", false},
	} {
		if got := Absent(c.action, c.key); got != c.want {
			t.Errorf("%s of %s: %t", c.key, c.action, got)
		}
	}
}
