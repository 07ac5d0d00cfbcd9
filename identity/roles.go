package identity

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/policy"
)

// RolesType is the component's type token.
const RolesType = "coldstart:identity:Roles"

// managedPolicies is the prefix of the ARNs of AWS managed policies.
const managedPolicies = "arn:aws:iam::aws:policy/"

// RolesArgs are the arguments of NewRoles.
type RolesArgs struct {
	Roles []Role
	// UsersAccountID is the account whose users the roles trust.
	UsersAccountID pulumi.StringInput `required:"true"`
	// MFAMaxAge is for how long after the MFA code a user can assume a role; 0 means as long as the
	// user's session lasts.
	MFAMaxAge time.Duration
	Tags      pulumi.StringMapInput
}

// Role is a role that people assume.
type Role struct {
	// Name is the short name, such as admin. RoleName is the name in IAM.
	Name, RoleName string `required:"true"`
	// ManagedPolicies are the names of AWS managed policies.
	ManagedPolicies []string
	// CustomerManagedPolicies are the paths and names of policies that the account has, such as /deployer.
	CustomerManagedPolicies []string
	// Statements are what the role may do besides. Boundary are the statements of the permissions
	// boundary.
	Statements, Boundary []policy.Statement
	// Session is how long a session may last, 1 to 12 hours; 0 for one hour.
	Session time.Duration
}

// Roles are the roles that people assume in an account.
type Roles struct {
	pulumi.ResourceState

	// ARNs are the roles' ARNs by short name.
	ARNs map[string]pulumi.StringOutput
}

// NewRoles declares the roles that people assume in an account. Each role trusts all principals of
// the users' account that have authenticated with MFA. The groups in the users' account decide
// which user can assume which role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_cross-account-with-roles.html
func NewRoles(ctx *pulumi.Context, name string, args *RolesArgs, opts ...pulumi.ResourceOption) (*Roles, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	r := &Roles{ARNs: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResource(RolesType, name, r, opts...); err != nil {
		return nil, err
	}
	for _, role := range args.Roles {
		if err := r.add(ctx, role, args); err != nil {
			return nil, err
		}
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"arns": pulumi.ToStringMapOutput(r.ARNs)})
}

func (r *Roles) add(ctx *pulumi.Context, role Role, args *RolesArgs) error {
	iamArgs := &iam.RoleArgs{
		Name:        pulumi.String(role.RoleName),
		Description: pulumi.String("For people, with MFA: " + role.Name),
		AssumeRolePolicy: output.Policy(func(v []string) policy.Document {
			return trustUsers(v[0], args.MFAMaxAge)
		}, args.UsersAccountID),
		MaxSessionDuration: pulumi.Int(int(cmp.Or(role.Session, time.Hour).Seconds())),
		Tags:               args.Tags,
	}
	if len(role.Boundary) > 0 {
		boundary, err := newBoundary(ctx, role, args.Tags, r)
		if err != nil {
			return err
		}
		iamArgs.PermissionsBoundary = boundary.Arn
	}
	created, err := newRole(ctx, role.Name, iamArgs, role.ManagedPolicies, role.Statements, r)
	if err != nil {
		return err
	}
	r.ARNs[role.Name] = created.Arn
	for _, policy := range role.CustomerManagedPolicies {
		if _, err := iam.NewRolePolicyAttachment(ctx, role.Name+"-"+strings.ReplaceAll(policy, "/", "-"), &iam.RolePolicyAttachmentArgs{
			Role: created.Name,
			PolicyArn: created.Arn.ApplyT(func(arn string) string { // arn:aws:iam::<account>:role/<name>
				account, _, _ := strings.Cut(arn, ":role/")
				return account + ":policy" + policy
			}).(pulumi.StringOutput),
		}, pulumi.Parent(r)); err != nil {
			return err
		}
	}
	return nil
}

func newBoundary(ctx *pulumi.Context, role Role, tags pulumi.StringMapInput, parent pulumi.Resource) (*iam.Policy, error) {
	document, err := policy.Document{Statements: role.Boundary}.JSON()
	if err != nil {
		return nil, err
	}
	return iam.NewPolicy(ctx, role.Name+"-boundary", &iam.PolicyArgs{
		Name:        pulumi.String(role.RoleName + "-boundary"),
		Description: pulumi.String("What " + role.RoleName + " can't do more than"),
		Policy:      pulumi.String(document),
		Tags:        tags,
	}, pulumi.Parent(parent))
}

// newRole declares a role and its policies.
func newRole(ctx *pulumi.Context, name string, args *iam.RoleArgs, managed []string, statements []policy.Statement, parent pulumi.Resource) (*iam.Role, error) {
	role, err := iam.NewRole(ctx, name, args, pulumi.Parent(parent))
	if err != nil {
		return nil, err
	}
	for _, policy := range managed {
		if _, err := iam.NewRolePolicyAttachment(ctx, name+"-"+strings.ReplaceAll(policy, "/", "-"), &iam.RolePolicyAttachmentArgs{
			Role:      role.Name,
			PolicyArn: pulumi.String(managedPolicies + policy),
		}, pulumi.Parent(parent)); err != nil {
			return nil, err
		}
	}
	if len(statements) == 0 {
		return role, nil
	}
	document, err := policy.Document{Statements: statements}.JSON()
	if err != nil {
		return nil, err
	}
	_, err = iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Name:   pulumi.String("statements"),
		Role:   role.Name,
		Policy: pulumi.String(document),
	}, pulumi.Parent(parent))
	return role, err
}

// trustUsers trusts principals of an account that have authenticated with MFA. A role's session
// never has MFA, so nobody can assume the role from another role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
func trustUsers(accountID string, mfaMaxAge time.Duration) policy.Document {
	condition := policy.Condition{"Bool": {"aws:MultiFactorAuthPresent": {"true"}}}
	if mfaMaxAge > 0 {
		seconds := strconv.Itoa(int(mfaMaxAge.Seconds()))
		condition["NumericLessThanEquals"] = map[string]policy.List{"aws:MultiFactorAuthAge": {seconds}}
	}
	return policy.Document{Statements: []policy.Statement{{
		Sid:       "UsersWithMFA",
		Effect:    policy.Allow,
		Principal: &policy.Principal{AWS: []string{"arn:aws:iam::" + accountID + ":root"}},
		Action:    []string{"sts:AssumeRole"},
		Condition: condition,
	}}}
}
