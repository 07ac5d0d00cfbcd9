package dns

import (
	"cmp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/output"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// RoleType is the component's type token.
const RoleType = "coldstart:dns:Role"

// RoleArgs are the arguments of NewRole.
type RoleArgs struct {
	// Name is the role's name, <namespace>-<account>-delegation.
	Name string `required:"true"`
	// Domain is the only name whose NS records the role may change, without a final dot.
	Domain          string             `required:"true"`
	ApexZoneID      pulumi.StringInput `required:"true"`
	OrganizationID  pulumi.StringInput `required:"true"`
	MasterAccountID pulumi.StringInput `required:"true"`
	// MemberAccountID is the account whose zone is delegated.
	MemberAccountID pulumi.StringInput `required:"true"`
	// MemberRole is the name of the member's only role that may assume this one; empty for
	// organization.AccessRole.
	MemberRole string
	Tags       pulumi.StringMapInput
}

// Role is a role in the management account. It may write the delegation of one account's zone and
// nothing else, so a principal that deploys that account's stack needs no other permission in the
// management account.
type Role struct {
	pulumi.ResourceState

	// ARN is the role's ARN. It is known when the role has its policy.
	ARN pulumi.StringOutput
}

// NewRole declares the role that writes the delegation of one zone.
func NewRole(ctx *pulumi.Context, name string, args *RoleArgs, opts ...pulumi.ResourceOption) (*Role, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	r := &Role{}
	if err := ctx.RegisterComponentResource(RoleType, name, r, opts...); err != nil {
		return nil, err
	}
	role, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:        pulumi.String(args.Name),
		Description: pulumi.String("Delegates " + args.Domain + " and changes nothing else"),
		AssumeRolePolicy: output.Policy(func(v []string) policy.Document {
			return trust(v[0], v[1], v[2], cmp.Or(args.MemberRole, organization.AccessRole))
		}, args.OrganizationID, args.MasterAccountID, args.MemberAccountID),
		Tags: args.Tags,
	}, pulumi.Parent(r))
	if err != nil {
		return nil, err
	}
	rights, err := iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Name: pulumi.String("delegation"),
		Role: role.Name,
		Policy: output.Policy(func(v []string) policy.Document {
			return delegate(v[0], args.Domain)
		}, args.ApexZoneID),
	}, pulumi.Parent(r))
	if err != nil {
		return nil, err
	}
	r.ARN = output.After(role.Arn, rights)
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"arn": r.ARN})
}

// trust allows two kinds of principals to assume the role, while they are in the organization: the
// management account's own principals, whose policies decide, and one role of the member.
func trust(organizationID, masterID, memberID, memberRole string) policy.Document {
	return policy.Document{Statements: []policy.Statement{{
		Sid:       "MasterAndMember",
		Effect:    policy.Allow,
		Principal: &policy.Principal{AWS: []string{root(masterID), root(memberID)}},
		Action:    []string{"sts:AssumeRole"},
		Condition: policy.Condition{
			"StringEquals": {"aws:PrincipalOrgID": {organizationID}},
			// IAM accepts a role as a principal only if the role exists, and a new account's role
			// may not have reached IAM yet. IAM doesn't check the role of a condition.
			"ArnLike": {"aws:PrincipalArn": {
				"arn:aws:iam::" + masterID + ":*",
				"arn:aws:iam::" + memberID + ":role/" + memberRole,
			}},
		},
	}}}
}

// delegate allows changing the NS records of one name, and reading what that takes.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
func delegate(apexZoneID, domain string) policy.Document {
	zone := "arn:aws:route53:::hostedzone/" + apexZoneID
	return policy.Document{Statements: []policy.Statement{
		{
			Sid:      "ChangeOneName",
			Effect:   policy.Allow,
			Action:   []string{"route53:ChangeResourceRecordSets"},
			Resource: []string{zone},
			Condition: policy.Condition{
				"ForAllValues:StringEquals": {
					"route53:ChangeResourceRecordSetsNormalizedRecordNames": {domain},
					"route53:ChangeResourceRecordSetsRecordTypes":           {"NS"},
				},
				// ForAllValues also matches a request that lacks the key.
				"Null": {
					"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"false"},
					"route53:ChangeResourceRecordSetsRecordTypes":           {"false"},
				},
			},
		},
		{
			Sid:      "ReadItsRecords",
			Effect:   policy.Allow,
			Action:   []string{"route53:ListResourceRecordSets"},
			Resource: []string{zone},
		},
		{
			// The member's state may refer to an apex zone that is gone. AWS says that to a role only if
			// the role may read the zone, and nothing deletes or replaces a record that can't be read.
			Sid:      "SeeWhichZonesAreGone",
			Effect:   policy.Allow,
			Action:   []string{"route53:GetHostedZone"},
			Resource: []string{"arn:aws:route53:::hostedzone/*"},
		},
		{
			Sid:      "WaitForTheChange",
			Effect:   policy.Allow,
			Action:   []string{"route53:GetChange"},
			Resource: []string{"arn:aws:route53:::change/*"},
		},
	}}
}

func root(accountID string) string {
	return "arn:aws:iam::" + accountID + ":root"
}
