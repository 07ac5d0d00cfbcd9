package limits_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitytypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

// Policies have to allow an action of IAM Identity Center on each resource that a call names. In the management account the
// caller needs what IAM Identity Center does there, too.
func TestIdentityCenterIsAuthorized(t *testing.T) {
	t.Parallel()
	f, s, cfg := planned(t)
	const (
		instance = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
		set      = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"
		member   = "111111111111"
		person   = "11111111-1111-1111-1111-111111111111"
	)
	may := func(statements ...string) {
		f.mu.Lock()
		f.inline["z9-master-plan"] = document(statements...)
		f.mu.Unlock()
		_, err := iam.NewFromConfig(s.master()).PutRolePolicy(ctx(), &iam.PutRolePolicyInput{
			RoleName: aws.String("z9-master-plan"), PolicyName: aws.String("p"), PolicyDocument: aws.String("{}"),
		})
		must(t, err)
	}
	on := func(action, resource string) string {
		return `{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}`
	}
	admin, store := ssoadmin.NewFromConfig(cfg), identitystore.NewFromConfig(cfg)
	assign := func(account string) error {
		_, err := admin.CreateAccountAssignment(ctx(), &ssoadmin.CreateAccountAssignmentInput{
			InstanceArn: aws.String(instance), PermissionSetArn: aws.String(set), TargetId: &account, TargetType: types.TargetTypeAwsAccount,
			PrincipalId: aws.String(person), PrincipalType: types.PrincipalTypeUser,
		})
		return err
	}
	join := func() error {
		_, err := store.CreateGroupMembership(ctx(), &identitystore.CreateGroupMembershipInput{
			IdentityStoreId: aws.String("d-0123456789"), GroupId: aws.String(person), MemberId: &identitytypes.MemberIdMemberUserId{Value: person},
		})
		return err
	}
	list := func() error {
		_, err := admin.ListInstances(ctx(), nil)
		return err
	}
	const denied, create = "AccessDeniedException", "sso:CreateAccountAssignment"
	may(on("s3:ListBucket", "*"))
	refused(t, list(), denied, "sso:ListInstances")
	may(on("sso:ListInstances", "*"))
	refused(t, list(), "", "")
	refused(t, assign(member), denied, create)
	may(on(create, instance), on(create, set), on(create, "arn:aws:sso:::account/222222222222"))
	refused(t, assign(member), denied, create+" on resource: arn:aws:sso:::account/"+member)
	may(on(create, instance), on(create, set), on(create, "arn:aws:sso:::account/"+member))
	refused(t, assign(member), "", "")
	may(on(create, "*"))
	refused(t, assign("123456789012"), denied, "iam:CreateRole on resource: arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-north-1/AWSReservedSSO_")
	may(on(create, "*"), on("iam:*", "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*"))
	refused(t, assign("123456789012"), "", "")

	const joins = "identitystore:CreateGroupMembership"
	may(on(joins, "arn:aws:identitystore:::group/*"), on(joins, "arn:aws:identitystore::123456789012:identitystore/*"))
	refused(t, join(), denied, joins+" on resource: arn:aws:identitystore:::user/"+person)
	may(on(joins, "arn:aws:identitystore:::*"), on(joins, "arn:aws:identitystore::123456789012:identitystore/d-0123456789"))
	refused(t, join(), "", "")
}
