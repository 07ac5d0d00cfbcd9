package audit_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// TestFindingsBucket: GuardDuty may write for the detectors of one account, and nobody else may change anything. Nothing is locked.
func TestFindingsBucket(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, pulumitest.In("audit", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		_, err := audit.NewFindingsBucket(ctx, "guardduty", &audit.FindingsBucketArgs{
			Name: "acme-audit-guardduty", AccountID: pulumi.String("111111111111"), AccessRoleARN: pulumi.String("arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"),
			AdministratorID: pulumi.String("222222222222"),
		}, in)
		return err
	}))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	result.CheckPolicies(t)
	result.CheckProviders(t, "audit")
	if locks := result.OfType(pulumitest.BucketLock); len(locks) > 0 {
		t.Errorf("it locks objects: %v", locks)
	}
	const bucket, role = "arn:aws:s3:::acme-audit-guardduty-111111111111", "arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"
	const detectors = `"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:guardduty:*:222222222222:detector/*"},"StringEquals":{"aws:SourceAccount":"222222222222"}}}`
	checkDocument(t, "bucket", `{"Version":"2012-10-17","Statement":[`+
		`{"Sid":"DenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["`+bucket+`","`+bucket+`/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},`+
		`{"Sid":"DetectorsSeeTheBucket","Effect":"Allow","Principal":{"Service":"guardduty.amazonaws.com"},"Action":"s3:GetBucketLocation","Resource":"`+bucket+`",`+detectors+`,`+
		`{"Sid":"DetectorsWrite","Effect":"Allow","Principal":{"Service":"guardduty.amazonaws.com"},"Action":"s3:PutObject","Resource":"`+bucket+`/*",`+detectors+`,`+
		`{"Sid":"DenyChanges","Effect":"Deny","Principal":"*","NotAction":["s3:Get*","s3:List*"],"Resource":["`+bucket+`","`+bucket+`/*"],`+
		`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"`+role+`"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}`,
		result.Resource(t, pulumitest.BucketPolicy, "guardduty"))
}
