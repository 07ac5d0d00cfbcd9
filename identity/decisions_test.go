package identity_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/policy"
)

// document parses a policy that a resource has as an input.
func document(t *testing.T, result *pulumitest.Result, typ, name string) policy.Document {
	t.Helper()
	text, _ := result.Resource(t, typ, name).At("policy").(string)
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%s %s: %v in %q", typ, name, err, text)
	}
	return d
}

// readingAnything stands for ReadOnlyAccess, as far as it reads what may be encrypted,
// and for a key's policy that lets in everybody, as that of aws/ssm does.
var readingAnything = []policy.Statement{{
	Effect: policy.Allow, Action: []string{"s3:Get*", "ssm:Get*", "kms:Decrypt"}, Resource: []string{"*"},
}}

// planner is a session of the plan role.
var planner = authorization.Principal{Type: authorization.Role, Account: "111111111111", ARN: "arn:aws:iam::111111111111:role/plan", Session: "ci"}

// owning has a policy of an identity's own. Keys let the account's identity policies decide.
func owning(own policy.Document) authorization.Policies {
	letting := policy.Document{Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: &policy.Principal{AWS: policy.List{"111111111111"}}, Action: policy.List{"kms:*"}, Resource: policy.List{"*"},
	}}}
	return authorization.Policies{
		Identity: []authorization.Policy{{Name: "own", Document: own}},
		Resource: &authorization.Policy{Name: "key policy", Document: letting},
	}
}

// TestPlanDecrypts compares what previews read with what else a state key, or a key
// that lets in everybody, encrypts.
func TestPlanDecrypts(t *testing.T) {
	t.Parallel()
	const (
		other  = "arn:aws:kms:us-west-2:111111111111:key/aws-ssm"
		bucket = "arn:aws:s3:::acme-prod-state-1"
	)
	object := func(arn string) map[string][]string {
		return map[string][]string{"kms:EncryptionContext:aws:s3:arn": {arn}, "kms:EncryptionContextKeys": {"aws:s3:arn"}}
	}
	for _, secrets := range []bool{false, true} {
		result := run(t, false, func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			_, err := identity.NewGitHub(ctx, "github", &identity.GitHubArgs{
				Issuer: "i.example", PlanRole: "plan", ApplyRole: "apply", PlanSubjects: []string{"a"}, ApplySubjects: []string{"b"}, Tags: tags,
				State: identity.ReadableState{
					KeyARN: pulumi.String(key), Bucket: pulumi.String("acme-prod-state-1"), Secrets: secrets,
					Objects: []string{".pulumi/stacks/coldstart-account/prod.json", ".pulumi/stacks/coldstart/*"},
				},
			}, in)
			return err
		})
		own := document(t, result, pulumitest.RolePolicy, "plan-state")
		for name, c := range map[string]struct {
			key  string
			keys map[string][]string
			want bool // whether it is allowed by the policy itself
		}{
			"the account's facts":               {key, object(bucket + "/.pulumi/stacks/coldstart-account/prod.json"), true},
			"a stack of coldstart's":            {key, object(bucket + "/.pulumi/stacks/coldstart/prod.json"), true},
			"a team's stack":                    {key, object(bucket + "/.pulumi/stacks/shop/prod.json"), false},
			"a team's history":                  {key, object(bucket + "/.pulumi/history/shop/prod/1.json"), false},
			"an object of another bucket":       {key, object("arn:aws:s3:::shop-data/.pulumi/stacks/coldstart/x.json"), false},
			"any object under a Bucket Key":     {key, object(bucket), secrets},
			"secrets of a Pulumi program":       {key, nil, secrets},
			"a parameter under aws/ssm":         {other, map[string][]string{"kms:EncryptionContext:PARAMETER_ARN": {"arn:aws:ssm:us-west-2:111111111111:parameter/shop/password"}}, false},
			"secrets of another key's programs": {other, nil, false},
		} {
			request := authorization.Request{Action: "kms:Decrypt", Resource: c.key, Principal: planner, Keys: c.keys, Complete: true}
			if d := authorization.Decide(request, owning(own)); d.Allowed() != c.want {
				t.Errorf("secrets %t: %s: %s", secrets, name, d)
			}
			// What ReadOnlyAccess and keys' policies allow comes on top.
			both := policy.Document{Statements: append(own.Statements, readingAnything...)}
			if d := authorization.Decide(request, owning(both)); c.key == other && d.Outcome != authorization.DeniedExplicitly {
				t.Errorf("%s with a key that lets in everybody isn't denied", name)
			}
		}
	}
}

// TestSelfServiceDecides goes through what a user does before and after there is a
// second factor.
func TestSelfServiceDecides(t *testing.T) {
	t.Parallel()
	const (
		user, another  = "arn:aws:iam::111111111111:user/ada", "arn:aws:iam::111111111111:user/bob"
		device, others = "arn:aws:iam::111111111111:mfa/ada", "arn:aws:iam::111111111111:mfa/bob"
	)
	ada := authorization.Principal{Type: authorization.User, Account: "111111111111", ARN: user}
	own := document(t, run(t, false, declareUsers(nil)), pulumitest.ManagedPolicy, "self-service")
	for name, c := range map[string]struct {
		action, resource string
		without, with    bool // MFA
	}{
		"changing the first password":          {"iam:ChangePassword", user, true, true},
		"making a device":                      {"iam:CreateVirtualMFADevice", device, true, true},
		"deleting a device that was left over": {"iam:DeleteVirtualMFADevice", device, true, true},
		"enabling it":                          {"iam:EnableMFADevice", user, true, true},
		"taking one's device away":             {"iam:DeactivateMFADevice", user, false, true},
		"making a key":                         {"iam:CreateAccessKey", user, false, true},
		"deleting another's device":            {"iam:DeleteVirtualMFADevice", others, false, false},
		"enabling another's":                   {"iam:EnableMFADevice", another, false, false},
		"another's password":                   {"iam:UpdateLoginProfile", another, false, false},
		"joining a group":                      {"iam:AddUserToGroup", "arn:aws:iam::111111111111:group/admins", false, false},
		"a policy of one's own":                {"iam:PutUserPolicy", user, false, false},
	} {
		for mfa, want := range map[string]bool{"false": c.without, "true": c.with} {
			q := authorization.Request{Action: c.action, Resource: c.resource, Principal: ada, Keys: map[string][]string{"aws:MultiFactorAuthPresent": {mfa}}, Complete: true}
			if d := authorization.Decide(q, owning(own)); d.Allowed() != want {
				t.Errorf("%s, MFA %s: %s", name, mfa, d)
			}
		}
		// Long-lived keys come without the condition key.
		q := authorization.Request{Action: c.action, Resource: c.resource, Principal: ada, Complete: true}
		if d := authorization.Decide(q, owning(own)); d.Allowed() != c.without {
			t.Errorf("%s, with a key: %s", name, d)
		}
	}
}
