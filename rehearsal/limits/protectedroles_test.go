package limits_test

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Nobody changes the roles that are AWS's: those of IAM Identity Center, and service-linked ones but for their descriptions and
// tags. The path tells them from others of such a name.
func TestProtectedRoles(t *testing.T) {
	t.Parallel()
	l := &linking{roles: map[string]url.Values{
		"AWSReservedSSO_Admins_0123456789abcdef": {"Path": {"/aws-reserved/sso.amazonaws.com/eu-west-1/"}},
		"AWSReservedSSO_mine":                    {"Path": {"/"}},
		"AWSServiceRoleForSupport":               {"Path": {"/aws-service-role/support.amazonaws.com/"}},
		"AWSServiceRoleForMine":                  {"Path": {"/"}},
	}}
	s := start(t, l.ServeHTTP, unhurried(nil))
	client := iam.NewFromConfig(s.master())
	attach := func(role string) error {
		_, err := client.AttachRolePolicy(ctx(), &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
		return err
	}
	describe := func(role string) error {
		_, err := client.UpdateRole(ctx(), &iam.UpdateRoleInput{RoleName: &role, Description: aws.String("d")})
		return err
	}
	for role, text := range map[string]string{
		"AWSReservedSSO_Admins_0123456789abcdef": "Cannot perform the operation on the protected role 'AWSReservedSSO_Admins_0123456789abcdef' - this role is only modifiable by AWS",
		"AWSServiceRoleForSupport":               "Cannot perform the operation on the protected role 'AWSServiceRoleForSupport'",
		"AWSReservedSSO_mine":                    "",
		"AWSServiceRoleForMine":                  "",
		"other":                                  "",
	} {
		code := "UnmodifiableEntity"
		if text == "" {
			code = ""
		}
		refused(t, attach(role), code, text)
	}
	refused(t, describe("AWSReservedSSO_Admins_0123456789abcdef"), "UnmodifiableEntity", "only modifiable by AWS")
	refused(t, describe("AWSServiceRoleForSupport"), "", "")
	_, err := client.DeleteRole(ctx(), &iam.DeleteRoleInput{RoleName: aws.String("AWSReservedSSO_Admins_0123456789abcdef")})
	refused(t, err, "UnmodifiableEntity", "only modifiable by AWS")
	_, err = client.GetRole(ctx(), &iam.GetRoleInput{RoleName: aws.String("AWSReservedSSO_Admins_0123456789abcdef")})
	refused(t, err, "", "")

	_, err = sts.NewFromConfig(s.master()).AssumeRoleWithSAML(ctx(), &sts.AssumeRoleWithSAMLInput{
		RoleArn:      aws.String("arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admins_0123456789abcdef"),
		PrincipalArn: aws.String("arn:aws:iam::123456789012:saml-provider/AWSSSO_0_DO_NOT_DELETE"), SAMLAssertion: aws.String("PHg+"),
	})
	refused(t, err, "AccessDenied", "doesn't work on the roles of IAM Identity Center")
}
