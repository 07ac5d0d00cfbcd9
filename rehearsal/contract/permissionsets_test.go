package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
)

const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess"

// setTest is a permission set with short names for what a test calls as its administrator.
type setTest struct {
	*centerTest
	admin *ssoadmin.Client
	arn   string
}

func newSet(c *centerTest, name string) setTest {
	return setTest{c, c.admin(managementID, centerRegion), c.permissionSet(name)}
}

// as returns the same for another account.
func (s setTest) as(account string) setTest {
	s.admin = s.centerTest.admin(account, centerRegion)
	return s
}

func (s setTest) attach(policy string) error {
	_, err := s.admin.AttachManagedPolicyToPermissionSet(s.t.Context(), &ssoadmin.AttachManagedPolicyToPermissionSetInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, ManagedPolicyArn: &policy,
	})
	return err
}

func (s setTest) detach(policy string) error {
	_, err := s.admin.DetachManagedPolicyFromPermissionSet(s.t.Context(), &ssoadmin.DetachManagedPolicyFromPermissionSetInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, ManagedPolicyArn: &policy,
	})
	return err
}

func (s setTest) attachCustomer(name, path string) error {
	policy := &types.CustomerManagedPolicyReference{Name: &name}
	if path != "" {
		policy.Path = &path
	}
	_, err := s.admin.AttachCustomerManagedPolicyReferenceToPermissionSet(s.t.Context(), &ssoadmin.AttachCustomerManagedPolicyReferenceToPermissionSetInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, CustomerManagedPolicyReference: policy,
	})
	return err
}

func (s setTest) detachCustomer(name string) error {
	_, err := s.admin.DetachCustomerManagedPolicyReferenceFromPermissionSet(s.t.Context(), &ssoadmin.DetachCustomerManagedPolicyReferenceFromPermissionSetInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: &name},
	})
	return err
}

func (s setTest) inline(policy string) error {
	_, err := s.admin.PutInlinePolicyToPermissionSet(s.t.Context(), &ssoadmin.PutInlinePolicyToPermissionSetInput{InstanceArn: &s.instance, PermissionSetArn: &s.arn, InlinePolicy: &policy})
	return err
}

func (s setTest) bound(boundary *types.PermissionsBoundary) error {
	_, err := s.admin.PutPermissionsBoundaryToPermissionSet(s.t.Context(), &ssoadmin.PutPermissionsBoundaryToPermissionSetInput{
		InstanceArn: &s.instance, PermissionSetArn: &s.arn, PermissionsBoundary: boundary,
	})
	return err
}

func (s setTest) remove() error {
	_, err := s.admin.DeletePermissionSet(s.t.Context(), &ssoadmin.DeletePermissionSetInput{InstanceArn: &s.instance, PermissionSetArn: &s.arn})
	return err
}

func TestPermissionSets(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	admin, ctx := c.admin(centerAdministrator, centerRegion), t.Context()
	create := func(name, session string) (*types.PermissionSet, error) {
		in := &ssoadmin.CreatePermissionSetInput{
			InstanceArn: &c.instance, Name: &name, Description: aws.String("d"), RelayState: aws.String("https://console.aws.amazon.com/"),
			Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("1")}},
		}
		if session != "" {
			in.SessionDuration = &session
		}
		out, err := admin.CreatePermissionSet(ctx, in)
		if err != nil {
			return nil, err
		}
		return out.PermissionSet, nil
	}
	for _, session := range []string{"PT59M", "PT12H1S", "P1D", "PT13H", "one hour"} {
		_, err := create("s", session)
		fails[*types.ValidationException](t, err, "")
	}
	for _, name := range []string{"", "a b", strings.Repeat("a", 33)} {
		_, err := create(name, "PT1H")
		fails[*types.ValidationException](t, err, "name")
	}
	created, err := create("Admins", "PT1H30M")
	done(t, err)
	_, err = create("Admins", "")
	fails[*types.ConflictException](t, err, "already exists")
	other, err := create("Readers", "")
	done(t, err)
	is(t, "the usual session", *other.SessionDuration, "PT1H")

	arn := created.PermissionSetArn
	_, err = admin.UpdatePermissionSet(ctx, &ssoadmin.UpdatePermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: arn, SessionDuration: aws.String("PT13H")})
	fails[*types.ValidationException](t, err, "12 hours")
	_, err = admin.UpdatePermissionSet(ctx, &ssoadmin.UpdatePermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: arn, SessionDuration: aws.String("PT12H")})
	done(t, err)
	got, err := admin.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: arn})
	done(t, err)
	if set := got.PermissionSet; *set.Name != "Admins" || *set.Description != "d" || set.RelayState != nil || *set.SessionDuration != "PT12H" || set.CreatedDate.IsZero() {
		t.Errorf("it is %+v", set)
	}

	tags := func() string {
		out, err := admin.ListTagsForResource(ctx, &ssoadmin.ListTagsForResourceInput{InstanceArn: &c.instance, ResourceArn: arn})
		done(t, err)
		var all []string
		for _, tag := range out.Tags {
			all = append(all, *tag.Key+"="+*tag.Value)
		}
		return strings.Join(all, " ")
	}
	is(t, "its tags", tags(), "a=1 b=2")
	_, err = admin.TagResource(ctx, &ssoadmin.TagResourceInput{InstanceArn: &c.instance, ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("3")}}})
	done(t, err)
	_, err = admin.UntagResource(ctx, &ssoadmin.UntagResourceInput{InstanceArn: &c.instance, ResourceArn: arn, TagKeys: []string{"a"}})
	done(t, err)
	is(t, "its tags", tags(), "b=2 c=3")

	s := setTest{c, admin, *arn}
	done(t, s.remove())
	fails[*types.ResourceNotFoundException](t, s.remove(), "not found")
	_, err = admin.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: arn})
	fails[*types.ResourceNotFoundException](t, err, "not found")
}

func TestPoliciesOfPermissionSets(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	s := newSet(c, "Admins")
	ctx := t.Context()
	done(t, s.attach(readOnly))
	fails[*types.ConflictException](t, s.attach(readOnly), "attached already")
	fails[*types.ResourceNotFoundException](t, s.detach(readOnly+"x"), "not attached")
	fails[*types.ValidationException](t, s.attach("arn:aws:iam::111111111111:policy/p"), "managedPolicyArn")
	done(t, s.attachCustomer("p", ""))
	fails[*types.ConflictException](t, s.attachCustomer("p", "/"), "attached already")
	done(t, s.attachCustomer("p", "/teams/"))
	for i := range 17 {
		done(t, s.attach(fmt.Sprintf("%s%d", readOnly, i)))
	}
	fails[*types.ServiceQuotaExceededException](t, s.attach(readOnly+"17"), "20 managed policies")
	fails[*types.ServiceQuotaExceededException](t, s.attachCustomer("q", ""), "20 managed policies")
	managed, err := s.admin.ListManagedPoliciesInPermissionSet(ctx, &ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &s.arn, MaxResults: aws.Int32(100)})
	if err != nil || len(managed.AttachedManagedPolicies) != 18 || *managed.AttachedManagedPolicies[0].Name != "ReadOnlyAccess" {
		t.Errorf("the managed policies are %+v, %v", managed, err)
	}
	done(t, s.detach(readOnly))
	done(t, s.detachCustomer("p"))
	fails[*types.ResourceNotFoundException](t, s.detachCustomer("p"), "not attached")
	customer, err := s.admin.ListCustomerManagedPolicyReferencesInPermissionSet(ctx, &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &s.arn})
	if err != nil || len(customer.CustomerManagedPolicyReferences) != 1 || *customer.CustomerManagedPolicyReferences[0].Path != "/teams/" {
		t.Errorf("the customer managed policies are %+v, %v", customer, err)
	}

	inline := func() string {
		out, err := s.admin.GetInlinePolicyForPermissionSet(ctx, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &s.arn})
		done(t, err)
		return aws.ToString(out.InlinePolicy)
	}
	unline := func() error {
		_, err := s.admin.DeleteInlinePolicyFromPermissionSet(ctx, &ssoadmin.DeleteInlinePolicyFromPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &s.arn})
		return err
	}
	is(t, "no inline policy", inline(), "")
	fails[*types.ResourceNotFoundException](t, unline(), "no inline policy")
	fails[*types.ValidationException](t, s.inline("{"), "not JSON")
	fails[*types.ServiceQuotaExceededException](t, s.inline(`"`+strings.Repeat("a", 10240)+`"`), "10240")
	done(t, s.inline(`"`+strings.Repeat("a ", 10000)+`"`))
	done(t, s.inline(`{"a": 1}`))
	is(t, "the inline policy", inline(), `{"a": 1}`)
	done(t, unline())

	boundary := func() (*types.PermissionsBoundary, error) {
		out, err := s.admin.GetPermissionsBoundaryForPermissionSet(ctx, &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &s.arn})
		if err != nil {
			return nil, err
		}
		return out.PermissionsBoundary, nil
	}
	_, err = boundary()
	fails[*types.ResourceNotFoundException](t, err, "no permissions boundary")
	fails[*types.ValidationException](t, s.bound(&types.PermissionsBoundary{}), "Only one")
	fails[*types.ValidationException](t, s.bound(&types.PermissionsBoundary{
		ManagedPolicyArn: aws.String(readOnly), CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: aws.String("b")},
	}), "Only one")
	done(t, s.bound(&types.PermissionsBoundary{CustomerManagedPolicyReference: &types.CustomerManagedPolicyReference{Name: aws.String("b")}}))
	got, err := boundary()
	if err != nil || *got.CustomerManagedPolicyReference.Path != "/" || got.ManagedPolicyArn != nil {
		t.Errorf("the boundary is %+v, %v", got, err)
	}
	for _, there := range []bool{true, false} {
		_, err = s.admin.DeletePermissionsBoundaryFromPermissionSet(ctx, &ssoadmin.DeletePermissionsBoundaryFromPermissionSetInput{InstanceArn: &c.instance, PermissionSetArn: &s.arn})
		if there {
			done(t, err)
		}
	}
	fails[*types.ResourceNotFoundException](t, err, "no permissions boundary")
}
