package audit_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// TestConfigBucket: AWS Config of the organization's accounts may write, and nobody else may change anything. Nothing is locked.
func TestConfigBucket(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, pulumitest.In("audit", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		_, err := audit.NewConfigBucket(ctx, "config", &audit.ConfigBucketArgs{
			Name: "acme-audit-config", AccountID: pulumi.String("111111111111"), AccessRoleARN: pulumi.String("arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"),
			Owners: []pulumi.StringInput{pulumi.String("222222222222"), pulumi.String("333333333333")},
		}, in)
		return err
	}))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	result.CheckPolicies(t)
	result.CheckProviders(t, "audit")
	if locks := result.OfType(pulumitest.BucketLock); len(locks) > 0 {
		t.Errorf("AWS Config doesn't deliver to a bucket that locks objects: %v", locks)
	}
	const bucket, role = "arn:aws:s3:::acme-audit-config-111111111111", "arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"
	const accounts = `"Condition":{"StringEquals":{"aws:SourceAccount":["222222222222","333333333333"]`
	checkDocument(t, "bucket", `{"Version":"2012-10-17","Statement":[`+
		`{"Sid":"DenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["`+bucket+`","`+bucket+`/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},`+
		`{"Sid":"RecordersSeeTheBucket","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":["s3:GetBucketAcl","s3:ListBucket"],"Resource":"`+bucket+`",`+accounts+`}}},`+
		`{"Sid":"RecordersWrite","Effect":"Allow","Principal":{"Service":"config.amazonaws.com"},"Action":"s3:PutObject","Resource":"`+bucket+`/AWSLogs/*",`+accounts+`,"s3:x-amz-acl":"bucket-owner-full-control"}}},`+
		`{"Sid":"DenyChanges","Effect":"Deny","Principal":"*","NotAction":["s3:Get*","s3:List*"],"Resource":["`+bucket+`","`+bucket+`/*"],`+
		`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"`+role+`"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}`,
		result.Resource(t, pulumitest.BucketPolicy, "config"))
}
