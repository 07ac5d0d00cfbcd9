package identity

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/policy"
)

// UsersType is the component's type token.
const UsersType = "coldstart:identity:Users"

// passwordLength is the length of first passwords, which users have to change at the first sign-in.
// The provider generates them from all kinds of characters.
const passwordLength = 32

// UsersArgs are the arguments of NewUsers.
type UsersArgs struct {
	Groups []Group
	Users  []User
	// SelfService is the name of the policy by which users manage their own credentials. It is also
	// the name of the group that has this policy and that every user is in.
	SelfService string `required:"true"`
	Tags        pulumi.StringMapInput
}

// Group is a group of users.
type Group struct {
	// Name is the name that User.Groups has. GroupName is the name in IAM.
	Name, GroupName string `required:"true"`
	// Roles are the ARNs of the roles that members may assume.
	Roles []pulumi.StringInput
	// Everywhere are patterns of roles that members may also assume, in all accounts of the
	// organization except ManagementAccountID. If Everywhere is set, ManagementAccountID has to be
	// set as well.
	Everywhere          []string
	ManagementAccountID pulumi.StringInput
}

// User is an IAM user for a person.
type User struct {
	Name   string `required:"true"`
	Groups []string
	// PGPKey encrypts the first password: keybase:<name>, or a public key in
	// base64. Without one the user has no password.
	PGPKey string
}

// Users are the organization's IAM users, and the groups that allow them to assume roles.
type Users struct {
	pulumi.ResourceState

	// ARNs are the users' ARNs by name, and Passwords their encrypted first passwords.
	ARNs, Passwords map[string]pulumi.StringOutput
}

// NewUsers declares the groups and users of the account that has the users.
func NewUsers(ctx *pulumi.Context, name string, args *UsersArgs, opts ...pulumi.ResourceOption) (*Users, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	u := &Users{ARNs: map[string]pulumi.StringOutput{}, Passwords: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResource(UsersType, name, u, opts...); err != nil {
		return nil, err
	}
	groups := map[string]*iam.Group{}
	for _, group := range args.Groups {
		created, err := u.newGroup(ctx, group)
		if err != nil {
			return nil, err
		}
		groups[group.Name] = created
	}
	document, err := selfService().JSON()
	if err != nil {
		return nil, err
	}
	own, err := iam.NewPolicy(ctx, "self-service", &iam.PolicyArgs{
		Name:        pulumi.String(args.SelfService),
		Description: pulumi.String("Users manage their own password, keys and MFA, and do nothing else without MFA"),
		Policy:      pulumi.String(document),
		Tags:        args.Tags,
	}, pulumi.Parent(u))
	if err != nil {
		return nil, err
	}
	everybody, err := u.newGroupOfAll(ctx, args.SelfService, own)
	if err != nil {
		return nil, err
	}
	for _, user := range args.Users {
		if err := u.newUser(ctx, user, groups, everybody, args.Tags); err != nil {
			return nil, err
		}
	}
	return u, ctx.RegisterResourceOutputs(u, pulumi.Map{"arns": pulumi.ToStringMapOutput(u.ARNs)})
}

func (u *Users) newGroup(ctx *pulumi.Context, group Group) (*iam.Group, error) {
	created, err := iam.NewGroup(ctx, group.Name, &iam.GroupArgs{Name: pulumi.String(group.GroupName)}, pulumi.Parent(u))
	if err != nil {
		return nil, err
	}
	_, err = iam.NewGroupPolicy(ctx, group.Name, &iam.GroupPolicyArgs{
		Name:   pulumi.String("roles"),
		Group:  created.Name,
		Policy: group.policy(),
	}, pulumi.Parent(u))
	return created, err
}

// policy returns the policy of the group.
func (g Group) policy() pulumi.StringOutput {
	if len(g.Everywhere) == 0 {
		return output.Policy(func(arns []string) policy.Document {
			return policy.Document{Statements: []policy.Statement{assumeRoles(arns)}}
		}, g.Roles...)
	}
	return output.Policy(func(v []string) policy.Document {
		statements := []policy.Statement{assumeRolesEverywhere(g.Everywhere, v[0])}
		if len(v) > 1 {
			statements = append(statements, assumeRoles(v[1:]))
		}
		return policy.Document{Statements: statements}
	}, append([]pulumi.StringInput{g.ManagementAccountID}, g.Roles...)...)
}

// newGroupOfAll declares the group that every user is in. The self-service policy is attached to
// this group and not to each user.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
func (u *Users) newGroupOfAll(ctx *pulumi.Context, name string, own *iam.Policy) (*iam.Group, error) {
	const logical = "self-service--users" // No declared group can have this name.
	created, err := iam.NewGroup(ctx, logical, &iam.GroupArgs{Name: pulumi.String(name)}, pulumi.Parent(u))
	if err != nil {
		return nil, err
	}
	_, err = iam.NewGroupPolicyAttachment(ctx, logical, &iam.GroupPolicyAttachmentArgs{Group: created.Name, PolicyArn: own.Arn}, pulumi.Parent(u))
	return created, err
}

func (u *Users) newUser(ctx *pulumi.Context, user User, groups map[string]*iam.Group, everybody *iam.Group, tags pulumi.StringMapInput) error {
	created, err := iam.NewUser(ctx, user.Name, &iam.UserArgs{
		Name:         pulumi.String(user.Name),
		ForceDestroy: pulumi.Bool(true), // Deleting the user also deletes the keys and MFA devices that the user made.
		Tags:         tags,
	}, pulumi.Parent(u))
	if err != nil {
		return fmt.Errorf("user %s: %w", user.Name, err)
	}
	u.ARNs[user.Name] = created.Arn
	names := pulumi.StringArray{everybody.Name}
	for _, name := range user.Groups {
		group, ok := groups[name]
		if !ok {
			return fmt.Errorf("user %s: no group %s", user.Name, name)
		}
		names = append(names, group.Name)
	}
	// Earlier versions attached the policy to each user. Pulumi deletes that attachment at the end
	// of an update, after the user has joined the group.
	if _, err := iam.NewUserGroupMembership(ctx, user.Name, &iam.UserGroupMembershipArgs{
		User:   created.Name,
		Groups: names,
	}, pulumi.Parent(u)); err != nil {
		return err
	}
	if user.PGPKey == "" {
		return nil
	}
	login, err := iam.NewUserLoginProfile(ctx, user.Name, &iam.UserLoginProfileArgs{
		User:                  created.Name,
		PgpKey:                pulumi.String(user.PGPKey),
		PasswordLength:        pulumi.Int(passwordLength),
		PasswordResetRequired: pulumi.Bool(true),
		// These properties matter only when AWS creates the password. If the key or the length
		// changes later, Pulumi must not replace a password that the user has chosen since.
	}, pulumi.Parent(u), pulumi.IgnoreChanges([]string{"pgpKey", "passwordLength", "passwordResetRequired"}))
	if err != nil {
		return err
	}
	u.Passwords[user.Name] = login.EncryptedPassword
	return nil
}

// assumeRoles allows assuming the given roles with MFA. The roles demand MFA as well.
func assumeRoles(roleARNs []string) policy.Statement {
	return policy.Statement{
		Sid:       "AssumeRoles",
		Effect:    policy.Allow,
		Action:    []string{"sts:AssumeRole"},
		Resource:  roleARNs,
		Condition: policy.Condition{"Bool": {"aws:MultiFactorAuthPresent": {"true"}}},
	}
}

// assumeRolesEverywhere allows assuming the roles that match a pattern, in the members of the
// user's own organization, and not in the management account. For a resource outside the
// organization, aws:ResourceOrgID has another value or is missing. If aws:ResourceAccount is
// missing, the call is denied.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceorgid
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
func assumeRolesEverywhere(patterns []string, managementAccountID string) policy.Statement {
	s := assumeRoles(patterns)
	s.Sid = "AssumeRolesEverywhere"
	s.Condition["StringEquals"] = map[string]policy.List{"aws:ResourceOrgID": {"${aws:PrincipalOrgID}"}}
	s.Condition["Null"] = map[string]policy.List{"aws:ResourceAccount": {"false"}}
	s.Condition["StringNotEquals"] = map[string]policy.List{"aws:ResourceAccount": {managementAccountID}}
	return s
}

// selfService lets users see and manage their own password, access keys and MFA devices. Without
// MFA they can only set up MFA and change their first password.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
func selfService() policy.Document {
	const (
		own = "arn:aws:iam::*:user/${aws:username}"
		// A virtual MFA device has the name of its user.
		device = "arn:aws:iam::*:mfa/${aws:username}"
	)
	// before are the actions that have to work without MFA. A user who created a device and never
	// enabled it has to delete it before creating another one of that name. An enabled device can't
	// be deleted before it is deactivated, which needs MFA.
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html
	before := []string{
		"iam:ChangePassword", "iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice", "iam:EnableMFADevice", "iam:GetAccountPasswordPolicy",
		"iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ListVirtualMFADevices", "iam:ResyncMFADevice",
		"sts:GetSessionToken",
	}
	return policy.Document{Statements: []policy.Statement{
		{
			Sid:    "SeeTheAccount",
			Effect: policy.Allow,
			// These actions support no resource.
			Action:   []string{"iam:GetAccountPasswordPolicy", "iam:ListAccountAliases", "iam:ListUsers", "iam:ListVirtualMFADevices"},
			Resource: []string{"*"},
		},
		{
			Sid:    "ManageOwnCredentials",
			Effect: policy.Allow,
			Action: []string{
				"iam:ChangePassword", "iam:CreateAccessKey", "iam:DeactivateMFADevice", "iam:DeleteAccessKey",
				"iam:EnableMFADevice", "iam:GetAccessKeyLastUsed", "iam:GetLoginProfile", "iam:GetMFADevice", "iam:GetUser",
				"iam:ListAccessKeys", "iam:ListGroupsForUser", "iam:ListMFADevices", "iam:ResyncMFADevice",
				"iam:UpdateAccessKey", "iam:UpdateLoginProfile",
			},
			Resource: []string{own},
		},
		{
			Sid:      "ManageOwnDevice",
			Effect:   policy.Allow,
			Action:   []string{"iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"},
			Resource: []string{device},
		},
		{
			Sid:       "NothingElseWithoutMFA",
			Effect:    policy.Deny,
			NotAction: before,
			Resource:  []string{"*"},
			// Requests with long-lived access keys don't have the condition key.
			Condition: policy.Condition{"BoolIfExists": {"aws:MultiFactorAuthPresent": {"false"}}},
		},
	}}
}
