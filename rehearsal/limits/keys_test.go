package limits_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// The rule applies a key's denials to the callers that they mean, and always those of the key's present policy.
func TestKeyPolicies(t *testing.T) {
	t.Parallel()
	f := goodWorld()
	f.role(prodOther, allow(`"arn:aws:iam::123456789012:root"`, ""))
	arn := "arn:aws:kms:eu-north-1:111111111111:key/00000000-0000-0000-0000-000000000001"
	own := `{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"kms:*","Resource":"*"}`
	kept := document(own, `{"Sid":"Keep","Effect":"Deny","Principal":"*","NotAction":["kms:Decrypt","kms:Describe*"],"Resource":"*",`+
		`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"`+prodIn+`"}}}`)
	f.keys[arn], f.aliases = fakeKey{kept, "Enabled"}, map[string][]string{arn: {"alias/kept"}}
	s := start(t, f.ServeHTTP, unhurried(nil))
	as := func(role string) *kms.Client { return kms.NewFromConfig(s.config(must2(s.assume("test", role))(t))) }
	deletes := func(c *kms.Client) error {
		_, err := c.ScheduleKeyDeletion(ctx(), &kms.ScheduleKeyDeletionInput{KeyId: &arn})
		return err
	}
	refused(t, deletes(as(prodOther)), "AccessDeniedException", "statement Keep of the resource policy of key 00000000-0000-0000-0000-000000000001")
	refused(t, deletes(as(prodIn)), "", "")
	_, err := as(prodOther).EnableKeyRotation(ctx(), &kms.EnableKeyRotationInput{KeyId: aws.String("alias/kept")})
	refused(t, err, "AccessDeniedException", "statement Keep")
	_, err = as(prodOther).DescribeKey(ctx(), &kms.DescribeKeyInput{KeyId: &arn})
	refused(t, err, "", "")
	_, err = as(prodIn).PutKeyPolicy(ctx(), &kms.PutKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default"), Policy: aws.String(document(own))})
	must(t, err)
	refused(t, deletes(as(prodOther)), "", "")

	// Whoever changes the policy, the new one holds.
	_, err = as(prodOther).PutKeyPolicy(ctx(), &kms.PutKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default"), Policy: &kept})
	must(t, err)
	refused(t, deletes(as(prodOther)), "AccessDeniedException", "statement Keep")
}
