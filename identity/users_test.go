package identity_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
)

// declareUsers declares users and groups and exports what they give.
func declareUsers(groups []identity.Group, users ...identity.User) func(*pulumi.Context, pulumi.ResourceOption) error {
	return func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
		u, err := identity.NewUsers(ctx, "users", &identity.UsersArgs{Groups: groups, Users: users, SelfService: "acme-prod-self-service", Tags: tags}, in)
		if err != nil {
			return err
		}
		ctx.Export("arns", pulumi.ToStringMapOutput(u.ARNs))
		ctx.Export("passwords", pulumi.ToStringMapOutput(u.Passwords))
		return nil
	}
}

// TestGroups may assume their roles, with a second factor.
func TestGroups(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		admin, readonly := later(preview, "arn:aws:iam::333333333333:role/acme-dev-admin"), later(preview, "arn:aws:iam::444444444444:role/acme-data-readonly")
		result := run(t, preview, declareUsers([]identity.Group{
			{Name: "engineers", GroupName: "acme-engineers", Roles: []pulumi.StringInput{admin, readonly}},
			{Name: "data-readonly", GroupName: "acme-data-readonly", Roles: []pulumi.StringInput{readonly}},
		}))
		checkChildren(t, result, identity.UsersType, "users",
			pulumitest.Group+" data-readonly", pulumitest.Group+" engineers", pulumitest.Group+" self-service--users",
			pulumitest.GroupPolicy+" data-readonly", pulumitest.GroupPolicy+" engineers",
			pulumitest.GroupPolicyAttachment+" self-service--users",
			pulumitest.ManagedPolicy+" self-service")
		for group, resources := range map[string]string{
			"engineers":     `["arn:aws:iam::333333333333:role/acme-dev-admin","arn:aws:iam::444444444444:role/acme-data-readonly"]`,
			"data-readonly": `"arn:aws:iam::444444444444:role/acme-data-readonly"`,
		} {
			checkInputs(t, result, pulumitest.Group, group, map[string]any{"name": "acme-" + group})
			checkInputs(t, result, pulumitest.GroupPolicy, group, map[string]any{
				"name": "roles", "group": "acme-" + group,
				"policy": unless(preview, `{"Version":"2012-10-17","Statement":[{"Sid":"AssumeRoles","Effect":"Allow","Action":"sts:AssumeRole","Resource":`+
					resources+`,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`),
			})
		}
		if diff := cmp.Diff(map[string]any{"arns": map[string]any{}, "passwords": map[string]any{}}, result.Exports); diff != "" {
			t.Errorf("outputs (-want +got)\n%s", diff)
		}
	})
}

// TestGroupsEverywhere may assume the roles that patterns match in members of their own
// organization, and of the management account's those that are listed.
func TestGroupsEverywhere(t *testing.T) {
	t.Parallel()
	const (
		everywhere = `{"Sid":"AssumeRolesEverywhere","Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/acme-*-admin",` +
			`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"Null":{"aws:ResourceAccount":"false"},"StringEquals":{"aws:ResourceOrgID":"${aws:PrincipalOrgID}"},"StringNotEquals":{"aws:ResourceAccount":"111111111111"}}}`
		listed = `{"Sid":"AssumeRoles","Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111111111111:role/acme-master-readonly",` +
			`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`
	)
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		of := func(name string, roles ...pulumi.StringInput) identity.Group {
			return identity.Group{
				Name: name, GroupName: "acme-" + name, Roles: roles,
				Everywhere: []string{"arn:aws:iam::*:role/acme-*-admin"}, ManagementAccountID: pulumi.String("111111111111"),
			}
		}
		result := run(t, preview, declareUsers([]identity.Group{
			of("members"), of("all", later(preview, "arn:aws:iam::111111111111:role/acme-master-readonly")),
		}))
		checkInputs(t, result, pulumitest.GroupPolicy, "members", map[string]any{
			"name": "roles", "group": "acme-members", "policy": `{"Version":"2012-10-17","Statement":[` + everywhere + `]}`,
		})
		checkInputs(t, result, pulumitest.GroupPolicy, "all", map[string]any{
			"name": "roles", "group": "acme-all", "policy": unless(preview, `{"Version":"2012-10-17","Statement":[`+everywhere+`,`+listed+`]}`),
		})
	})
}

// TestUsers have a password only if it can be encrypted, and are gone with all
// that they made.
func TestUsers(t *testing.T) {
	t.Parallel()
	groups := []identity.Group{
		{Name: "engineers", GroupName: "acme-engineers", Roles: []pulumi.StringInput{pulumi.String("arn:aws:iam::333333333333:role/r")}},
		{Name: "auditors", GroupName: "acme-auditors", Roles: []pulumi.StringInput{pulumi.String("arn:aws:iam::333333333333:role/s")}},
	}
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := run(t, preview, declareUsers(
			groups,
			identity.User{Name: "ada", Groups: []string{"engineers", "auditors"}, PGPKey: "keybase:ada_l"},
			identity.User{Name: "grace@acme.example", Groups: []string{"auditors"}, PGPKey: "mDMEaGVsbG8="},
			identity.User{Name: "alan"},
		))
		checkChildren(t, result, identity.UsersType, "users",
			pulumitest.Group+" auditors", pulumitest.Group+" engineers", pulumitest.Group+" self-service--users",
			pulumitest.GroupPolicy+" auditors", pulumitest.GroupPolicy+" engineers",
			pulumitest.GroupPolicyAttachment+" self-service--users",
			pulumitest.ManagedPolicy+" self-service",
			pulumitest.User+" ada", pulumitest.User+" alan", pulumitest.User+" grace@acme.example",
			pulumitest.UserGroupMembership+" ada", pulumitest.UserGroupMembership+" alan", pulumitest.UserGroupMembership+" grace@acme.example",
			pulumitest.UserLoginProfile+" ada", pulumitest.UserLoginProfile+" grace@acme.example")
		// What all users may do by themselves hangs on a group that all are in.
		checkInputs(t, result, pulumitest.Group, "self-service--users", map[string]any{"name": "acme-prod-self-service"})
		checkInputs(t, result, pulumitest.GroupPolicyAttachment, "self-service--users", map[string]any{
			"group": "acme-prod-self-service", "policyArn": unless(preview, "arn:aws:iam::"+account+":policy/acme-prod-self-service"),
		})
		checkInputs(t, result, pulumitest.UserGroupMembership, "alan", map[string]any{"user": "alan", "groups": []any{"acme-prod-self-service"}})
		for _, user := range []string{"ada", "alan", "grace@acme.example"} {
			checkInputs(t, result, pulumitest.User, user, map[string]any{"name": user, "forceDestroy": true, "tags": map[string]any{"Account": "prod"}})
		}
		checkInputs(t, result, pulumitest.UserGroupMembership, "ada", map[string]any{"user": "ada", "groups": []any{"acme-prod-self-service", "acme-engineers", "acme-auditors"}})
		checkInputs(t, result, pulumitest.UserGroupMembership, "grace@acme.example", map[string]any{"user": "grace@acme.example", "groups": []any{"acme-prod-self-service", "acme-auditors"}})
		for user, key := range map[string]string{"ada": "keybase:ada_l", "grace@acme.example": "mDMEaGVsbG8="} {
			checkInputs(t, result, pulumitest.UserLoginProfile, user, map[string]any{
				"user": user, "pgpKey": key, "passwordLength": 32.0, "passwordResetRequired": true,
			})
			// A password that its owner has chosen stays.
			login := result.Resource(t, pulumitest.UserLoginProfile, user)
			if diff := cmp.Diff([]string{"pgpKey", "passwordLength", "passwordResetRequired"}, login.IgnoreChanges); diff != "" {
				t.Errorf("the password of %s ignores changes of (-want +got)\n%s", user, diff)
			}
			if !login.Waits(result.Resource(t, pulumitest.User, user)) {
				t.Errorf("the password of %s waits for %v", user, login.DependsOn)
			}
		}
		want := map[string]any{
			"arns": unless(preview, map[string]any{
				"ada": "arn:aws:iam::" + account + ":user/ada", "alan": "arn:aws:iam::" + account + ":user/alan",
				"grace@acme.example": "arn:aws:iam::" + account + ":user/grace@acme.example",
			}),
			"passwords": unless(preview, map[string]any{"ada": "encrypted+ada==", "grace@acme.example": "encrypted+grace@acme.example=="}),
		}
		if diff := cmp.Diff(want, result.Exports); diff != "" {
			t.Errorf("outputs (-want +got)\n%s", diff)
		}
	})
}

// TestUnknownGroup names the user and the group that there isn't.
func TestUnknownGroup(t *testing.T) {
	t.Parallel()
	result := pulumitest.Run{}.Do(t, pulumitest.In("prod", declareUsers(nil, identity.User{Name: "ada", Groups: []string{"engineers"}})))
	if result.Err == nil || !strings.Contains(result.Err.Error(), "user ada: no group engineers") {
		t.Errorf("got %v", result.Err)
	}
}

// selfService is what users may do by themselves.
const selfService = `{"Version":"2012-10-17","Statement":[` +
	`{"Sid":"SeeTheAccount","Effect":"Allow","Action":["iam:GetAccountPasswordPolicy","iam:ListAccountAliases","iam:ListUsers","iam:ListVirtualMFADevices"],"Resource":"*"},` +
	`{"Sid":"ManageOwnCredentials","Effect":"Allow","Action":["iam:ChangePassword","iam:CreateAccessKey","iam:DeactivateMFADevice","iam:DeleteAccessKey",` +
	`"iam:EnableMFADevice","iam:GetAccessKeyLastUsed","iam:GetLoginProfile","iam:GetMFADevice","iam:GetUser","iam:ListAccessKeys","iam:ListGroupsForUser",` +
	`"iam:ListMFADevices","iam:ResyncMFADevice","iam:UpdateAccessKey","iam:UpdateLoginProfile"],"Resource":"arn:aws:iam::*:user/${aws:username}"},` +
	`{"Sid":"ManageOwnDevice","Effect":"Allow","Action":["iam:CreateVirtualMFADevice","iam:DeleteVirtualMFADevice"],"Resource":"arn:aws:iam::*:mfa/${aws:username}"},` +
	`{"Sid":"NothingElseWithoutMFA","Effect":"Deny","NotAction":["iam:ChangePassword","iam:CreateVirtualMFADevice","iam:DeleteVirtualMFADevice","iam:EnableMFADevice",` +
	`"iam:GetAccountPasswordPolicy","iam:GetMFADevice","iam:GetUser","iam:ListMFADevices","iam:ListVirtualMFADevices","iam:ResyncMFADevice","sts:GetSessionToken"],` +
	`"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}]}`

// TestSelfService is the same whoever there is.
func TestSelfService(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := run(t, preview, declareUsers(nil))
		checkInputs(t, result, pulumitest.ManagedPolicy, "self-service", map[string]any{
			"name": "acme-prod-self-service", "policy": selfService, "tags": map[string]any{"Account": "prod"},
			"description": "Users manage their own password, keys and MFA, and do nothing else without MFA",
		})
	})
}
