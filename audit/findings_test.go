package audit_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// TestFindingsBucket: a service may write for one account, and nobody else may change anything. Nothing is locked.
func TestFindingsBucket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exporter             audit.Exporter
		sid, principal, uses string
		sources, kept        string
	}{
		"guardduty": {audit.GuardDuty, "Detectors", "guardduty.amazonaws.com", `"kms:GenerateDataKey"`, `"arn:aws:guardduty:*:222222222222:detector/*"`, ""},
		"macie": {
			audit.Macie, "Macie", "macie.amazonaws.com", `["kms:GenerateDataKey","kms:Encrypt"]`,
			`["arn:aws:macie2:*:222222222222:classification-job/*","arn:aws:macie2:*:222222222222:export-configuration:*"]`, `,"kms:Encrypt"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := pulumitest.Run{}.Do(t, pulumitest.In("audit", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
				_, err := audit.NewFindingsBucket(ctx, name, &audit.FindingsBucketArgs{
					Exporter: c.exporter, Name: "acme-audit-" + name, AccountID: pulumi.String("111111111111"),
					AccessRoleARN: pulumi.String("arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"), AdministratorID: pulumi.String("222222222222"),
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
			bucket, role := "arn:aws:s3:::acme-audit-"+name+"-111111111111", "arn:aws:iam::111111111111:role/OrganizationAccountAccessRole"
			service := `"Effect":"Allow","Principal":{"Service":"` + c.principal + `"}`
			condition := `"Condition":{"ArnLike":{"aws:SourceArn":` + c.sources + `},"StringEquals":{"aws:SourceAccount":"222222222222"}}}`
			checkDocument(t, "bucket", `{"Version":"2012-10-17","Statement":[`+
				`{"Sid":"DenyPlaintext","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["`+bucket+`","`+bucket+`/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},`+
				`{"Sid":"`+c.sid+`SeeTheBucket",`+service+`,"Action":"s3:GetBucketLocation","Resource":"`+bucket+`",`+condition+`,`+
				`{"Sid":"`+c.sid+`Write",`+service+`,"Action":"s3:PutObject","Resource":"`+bucket+`/*",`+condition+`,`+
				`{"Sid":"DenyChanges","Effect":"Deny","Principal":"*","NotAction":["s3:Get*","s3:List*"],"Resource":["`+bucket+`","`+bucket+`/*"],`+
				`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"`+role+`"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}]}`,
				result.Resource(t, pulumitest.BucketPolicy, name))
			// What keeps the key from changes doesn't keep the service from using it.
			checkStatement(t, result.Resource(t, pulumitest.Key, name), `"NotAction":["kms:Decrypt","kms:Describe*","kms:GenerateDataKey*","kms:Get*","kms:List*"`+c.kept+`]`)
			checkStatement(t, result.Resource(t, pulumitest.Key, name), `{"Sid":"`+c.sid+`Encrypt",`+service+`,"Action":`+c.uses+`,"Resource":"*",`+condition)
		})
	}
}

// checkStatement checks that a resource's policy has a statement.
func checkStatement(t *testing.T, r pulumitest.Resource, want string) {
	t.Helper()
	if text, _ := r.At("policy").(string); !strings.Contains(text, want) {
		t.Errorf("the policy is %s, without %s", text, want)
	}
}
