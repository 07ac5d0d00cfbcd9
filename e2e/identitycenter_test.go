//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	pulumiaws "github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/identitystore"
	admin "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssoadmin"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/rehearsal"
)

const (
	centerRegion = "eu-west-1"
	denyReading  = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}]}`
)

// TestIdentityCenterOfTheRehearsal brings up everything that the AWS plugin has of IAM Identity Center in a rehearsal's
// organization, by a program of its own, and takes it down again. The roles are those of the emulator's IAM.
func TestIdentityCenterOfTheRehearsal(t *testing.T) {
	begin(t)
	ctx := context.Background()
	emulator, err := rehearsal.StartEmulator(ctx, rehearsal.EmulatorOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, emulator.Stop()) })
	w := &world{t: t, dir: t.TempDir(), emulator: emulator}
	w.env = rehearsal.Environment(emulator, w.dir)
	w.env["PULUMI_BACKEND_URL"] = "file://" + w.dir
	if err := emulator.EnableIdentityCenter(ctx, centerRegion); err == nil || !strings.Contains(err.Error(), "no organization") {
		t.Errorf("without an organization: %v", err)
	}
	_, err = w.organizations().CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll})
	must(t, err)
	member, security := w.account("member", "member@corp.example"), w.account("security", "security@corp.example")
	must(t, emulator.EnableIdentityCenter(ctx, centerRegion))
	_, err = w.organizations().RegisterDelegatedAdministrator(ctx, &organizations.RegisterDelegatedAdministratorInput{
		AccountId: &security, ServicePrincipal: aws.String("sso.amazonaws.com"),
	})
	must(t, err)

	in := iam.NewFromConfig(within(emulator, member))
	_, err = in.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("reads"), PolicyDocument: aws.String(denyReading)})
	must(t, err)

	stack, err := auto.UpsertStackInlineSource(ctx, "test", "center", identityCenter(member), auto.WorkDir(w.dir), auto.EnvVars(w.env))
	must(t, err)
	up, err := stack.Up(ctx)
	must(t, err)
	t.Logf("up took %v", *up.Summary.ResourceChanges)
	if _, err = stack.Up(ctx, optup.ExpectNoChanges()); err != nil {
		t.Errorf("another up: %v", err)
	}
	if refreshed, err := stack.Refresh(ctx); err != nil || drifted(*refreshed.Summary.ResourceChanges) {
		t.Errorf("a refresh found %v, %v", refreshed.Summary.ResourceChanges, err)
	}

	// The member has the role, and can't change it. The administrator sees the instance.
	roles := reservedRoles(t, in)
	if len(roles) != 1 || !strings.HasPrefix(*roles[0].RoleName, "AWSReservedSSO_Readers_") {
		t.Fatalf("the member has the roles %+v", roles)
	}
	attached, err := in.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: roles[0].RoleName})
	must(t, err)
	if len(attached.AttachedPolicies) != 2 {
		t.Errorf("the role has %+v", attached.AttachedPolicies)
	}
	_, err = in.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: roles[0].RoleName, PolicyName: aws.String("AwsSSOInlinePolicy")})
	must(t, err)
	_, err = in.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: roles[0].RoleName, PolicyArn: attached.AttachedPolicies[0].PolicyArn})
	contains(t, fmt.Sprint(err), "UnmodifiableEntity")
	instances, err := ssoadmin.NewFromConfig(within(emulator, security)).ListInstances(ctx, nil)
	if err != nil || len(instances.Instances) != 1 {
		t.Errorf("the administrator sees %+v, %v", instances, err)
	}

	_, err = stack.Destroy(ctx)
	must(t, err)
	if roles := reservedRoles(t, in); len(roles) != 0 {
		t.Errorf("the member still has the roles %+v", roles)
	}
}

// identityCenter returns a program with every resource of IAM Identity Center that has something to say about one account.
func identityCenter(member string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		provider, err := pulumiaws.NewProvider(ctx, "aws", &pulumiaws.ProviderArgs{Region: pulumi.String(centerRegion)})
		if err != nil {
			return err
		}
		by := pulumi.Provider(provider)
		found, err := admin.GetInstances(ctx, by)
		if err != nil {
			return err
		}
		instance, store := pulumi.String(found.Arns[0]), pulumi.String(found.IdentityStoreIds[0])
		_, err = admin.NewInstanceAccessControlAttributes(ctx, "attributes", &admin.InstanceAccessControlAttributesArgs{
			InstanceArn: instance,
			Attributes: admin.InstanceAccessControlAttributesAttributeArray{admin.InstanceAccessControlAttributesAttributeArgs{
				Key: pulumi.String("team"), Values: admin.InstanceAccessControlAttributesAttributeValueArray{
					admin.InstanceAccessControlAttributesAttributeValueArgs{Sources: pulumi.ToStringArray([]string{"${path:enterprise.department}"})},
				},
			}},
		}, by)
		if err != nil {
			return err
		}
		group, err := identitystore.NewGroup(ctx, "readers", &identitystore.GroupArgs{IdentityStoreId: store, DisplayName: pulumi.String("Readers"), Description: pulumi.String("Those who read")}, by)
		if err != nil {
			return err
		}
		user, err := identitystore.NewUser(ctx, "alice", &identitystore.UserArgs{
			IdentityStoreId: store, UserName: pulumi.String("alice"), DisplayName: pulumi.String("Alice A."),
			Name:   identitystore.UserNameArgs{GivenName: pulumi.String("Alice"), FamilyName: pulumi.String("A.")},
			Emails: identitystore.UserEmailsArgs{Value: pulumi.String("alice@corp.example"), Primary: pulumi.Bool(true)},
		}, by)
		if err != nil {
			return err
		}
		if _, err = identitystore.NewGroupMembership(ctx, "alice-reads", &identitystore.GroupMembershipArgs{IdentityStoreId: store, GroupId: group.GroupId, MemberId: user.UserId}, by); err != nil {
			return err
		}
		again := identitystore.LookupGroupOutput(ctx, identitystore.LookupGroupOutputArgs{
			IdentityStoreId: store, AlternateIdentifier: identitystore.GetGroupAlternateIdentifierArgs{
				UniqueAttribute: identitystore.GetGroupAlternateIdentifierUniqueAttributeArgs{AttributePath: pulumi.String("DisplayName"), AttributeValue: group.DisplayName},
			},
		}, by)
		return permissionSet(ctx, member, instance, again.GroupId(), by)
	}
}

// permissionSet declares a permission set with policies, and assigns it.
func permissionSet(ctx *pulumi.Context, member string, instance pulumi.String, group pulumi.StringInput, by pulumi.ResourceOption) error {
	set, err := admin.NewPermissionSet(ctx, "readers", &admin.PermissionSetArgs{
		InstanceArn: instance, Name: pulumi.String("Readers"), Description: pulumi.String("Reads"), SessionDuration: pulumi.String("PT8H"),
		RelayState: pulumi.String("https://console.aws.amazon.com/"), Tags: pulumi.ToStringMap(map[string]string{"a": "b"}),
	}, by)
	if err != nil {
		return err
	}
	managed, err := admin.NewManagedPolicyAttachment(ctx, "readers", &admin.ManagedPolicyAttachmentArgs{
		InstanceArn: instance, PermissionSetArn: set.Arn, ManagedPolicyArn: pulumi.String("arn:aws:iam::aws:policy/ReadOnlyAccess"),
	}, by)
	if err != nil {
		return err
	}
	customer, err := admin.NewCustomerManagedPolicyAttachment(ctx, "readers", &admin.CustomerManagedPolicyAttachmentArgs{
		InstanceArn: instance, PermissionSetArn: set.Arn,
		CustomerManagedPolicyReference: admin.CustomerManagedPolicyAttachmentCustomerManagedPolicyReferenceArgs{Name: pulumi.String("reads")},
	}, by)
	if err != nil {
		return err
	}
	inline, err := admin.NewPermissionSetInlinePolicy(ctx, "readers", &admin.PermissionSetInlinePolicyArgs{
		InstanceArn: instance, PermissionSetArn: set.Arn,
		InlinePolicy: pulumi.String(denyReading),
	}, by)
	if err != nil {
		return err
	}
	boundary, err := admin.NewPermissionsBoundaryAttachment(ctx, "readers", &admin.PermissionsBoundaryAttachmentArgs{
		InstanceArn: instance, PermissionSetArn: set.Arn,
		PermissionsBoundary: admin.PermissionsBoundaryAttachmentPermissionsBoundaryArgs{ManagedPolicyArn: pulumi.String("arn:aws:iam::aws:policy/PowerUserAccess")},
	}, by)
	if err != nil {
		return err
	}
	// The assignment goes before the policies do: without one, nothing can be provisioned any more.
	_, err = admin.NewAccountAssignment(ctx, "readers", &admin.AccountAssignmentArgs{
		InstanceArn: instance, PermissionSetArn: set.Arn, PrincipalId: group, PrincipalType: pulumi.String("GROUP"),
		TargetId: pulumi.String(member), TargetType: pulumi.String("AWS_ACCOUNT"),
	}, by, pulumi.DependsOn([]pulumi.Resource{managed, customer, inline, boundary}))
	return err
}

// drifted reports whether a refresh has found a change.
func drifted(changes map[string]int) bool {
	delete(changes, "same")
	return len(changes) > 0
}

// within returns a configuration with the access role that AWS Organizations has made in an account.
func within(emulator *rehearsal.Emulator, account string) aws.Config {
	cfg := emulator.Config(centerRegion)
	role := "arn:aws:iam::" + account + ":role/OrganizationAccountAccessRole"
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role))
	return cfg
}

// reservedRoles returns the roles of IAM Identity Center in an account.
func reservedRoles(t *testing.T, in *iam.Client) []iamtypes.Role {
	t.Helper()
	out, err := in.ListRoles(context.Background(), &iam.ListRolesInput{PathPrefix: aws.String("/aws-reserved/sso.amazonaws.com/")})
	must(t, err)
	return out.Roles
}
