package proof

import (
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/policy"
)

func TestTrustsUsers(t *testing.T) {
	t.Parallel()
	const good = `{"Sid":"UsersWithMFA","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:root"]},"Action":["sts:AssumeRole"],` +
		`"Condition":{"Bool":{"aws:MultiFactorAuthPresent":["true"]},"NumericLessThanEquals":{"aws:MultiFactorAuthAge":["3600"]}}}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"values by themselves", statements(good, `["true"]`, `true`, `["3600"]`, `"3600"`, `["sts:AssumeRole"]`, `"sts:AssumeRole"`), ""},
		{"keys in another case", statements(good, "aws:MultiFactor", "AWS:multifactor"), ""},
		{"without MFA", statements(good, `"Bool":{"aws:MultiFactorAuthPresent":["true"]},`, ``), "and not if"},
		{"without any condition", statements(good, `"Condition"`, `"Ignored"`), "if {}"},
		{"MFA if it is said", statements(good, `"Bool"`, `"BoolIfExists"`), "and not if"},
		{"MFA wasn't shown", statements(good, `"true"`, `"false"`), "and not if"},
		{"older MFA", statements(good, `3600`, `7200`), "and not if"},
		{"MFA of any age", statements(good, `,"NumericLessThanEquals":{"aws:MultiFactorAuthAge":["3600"]}`, ``), "and not if"},
		{"another account", statements(good, `111111111111`, `222222222222`), "lets in"},
		{"one account more", statements(good, `["arn:aws:iam::111111111111:root"]`, `["arn:aws:iam::111111111111:root","222222222222"]`), "lets in"},
		{"one statement more", statements(good + "," + strings.Replace(good, "111111111111", "222222222222", 1)), "lets in"},
		{"everybody", statements(good, `{"AWS":["arn:aws:iam::111111111111:root"]}`, `"*"`), "lets in"},
		{"everybody else", statements(good, `"Principal"`, `"NotPrincipal"`), "lets in"},
		{"tags too", statements(good, `["sts:AssumeRole"]`, `["sts:AssumeRole","sts:TagSession"]`), "allows sts:AssumeRole, sts:TagSession"},
		{"everything", statements(good, `"sts:AssumeRole"`, `"sts:*"`), "allows sts:*"},
		{"all but something", statements(good, `"Action"`, `"NotAction"`), "all but something"},
		{"nobody", statements(good, `"Allow"`, `"Deny"`), "nobody"},
	}, func(d *policyDocument) error { return d.trustsUsers("111111111111", time.Hour) })
	ageless := `{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`
	checkPolicies(t, []policyCase{
		{"MFA of any age", statements(ageless), ""},
		{"of an age that isn't declared", statements(good), "and not if"},
	}, func(d *policyDocument) error { return d.trustsUsers("111111111111", 0) })
}

func TestTrustsWorkflows(t *testing.T) {
	t.Parallel()
	const provider = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
	const good = `{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity",` +
		`"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":["repo:a/b:pull_request","repo:a/b:ref:refs/heads/main"]}}}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"one subject less", statements(good, `,"repo:a/b:ref:refs/heads/main"`, ``), "and not if"},
		{"one subject more", statements(good, `["repo:a/b:pull`, `["repo:a/c:pull_request","repo:a/b:pull`), "and not if"},
		{"a pattern", statements(good, `StringEquals`, `StringLike`), "and not if"},
		{"any subject", statements(good, `:sub"`, `:actor"`), "and not if"},
		{"another audience", statements(good, `"sts.amazonaws.com"`, `"example.com"`), "and not if"},
		{"any audience", statements(good, `"token.actions.githubusercontent.com:aud":"sts.amazonaws.com",`, ``), "and not if"},
		{"another provider", statements(good, `111111111111`, `222222222222`), "lets in"},
		{"an account too", statements(good, `{"Federated"`, `{"AWS":"222222222222","Federated"`), "lets in"},
		{"an account besides", statements(good + `,{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole"}`), "lets in"},
		{"another action", statements(good, `sts:AssumeRoleWithWebIdentity`, `sts:*`), "allows sts:*"},
		{"nobody", statements(""), "allows nothing"},
	}, func(d *policyDocument) error {
		return d.trustsWorkflows(provider, "repo:a/b:pull_request", "repo:a/b:ref:refs/heads/main")
	})
}

func TestAssumesOnly(t *testing.T) {
	t.Parallel()
	const good = `{"Effect":"Allow","Action":["sts:AssumeRole"],"Resource":["arn:aws:iam::1:role/a","arn:aws:iam::2:role/b"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":["true"]}}}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"a role less", statements(good, `,"arn:aws:iam::2:role/b"`, ``), "lacks arn:aws:iam::2:role/b"},
		{"a role more", statements(good, `"arn:aws:iam::2:role/b"`, `"arn:aws:iam::2:role/b","arn:aws:iam::3:role/c"`), "also has arn:aws:iam::3:role/c"},
		{"every role", statements(good, `"arn:aws:iam::2:role/b"`, `"*"`), "has *"},
		{"without MFA", statements(good, `"Condition"`, `"Ignored"`), "and not if"},
		{"another action too", statements(good, `["sts:AssumeRole"]`, `["sts:AssumeRole","iam:PassRole"]`), "allows iam:PassRole"},
		{"another statement too", statements(good + `,{"Effect":"Allow","Action":"s3:*","Resource":"*"}`), "allows s3:*"},
		{"all but some roles", statements(good, `"Resource"`, `"NotResource"`), "all but something"},
		{"nothing", statements(""), "allows nothing"},
	}, func(d *policyDocument) error { return d.assumesOnly("arn:aws:iam::2:role/b", "arn:aws:iam::1:role/a") })
}

func TestAssumesEverywhere(t *testing.T) {
	t.Parallel()
	const (
		mfa        = `"Condition":{"Bool":{"aws:MultiFactorAuthPresent":["true"]}`
		everywhere = `{"Effect":"Allow","Action":["sts:AssumeRole"],"Resource":["arn:aws:iam::*:role/acme-*-a"],` + mfa +
			`,"Null":{"aws:ResourceAccount":["false"]},"StringEquals":{"aws:ResourceOrgID":["${aws:PrincipalOrgID}"]},"StringNotEquals":{"aws:ResourceAccount":["1"]}}}`
		listed = `,{"Effect":"Allow","Action":["sts:AssumeRole"],"Resource":["arn:aws:iam::1:role/acme-master-a"],` + mfa + `}}`
	)
	check := func(roleARNs ...string) func(*policyDocument) error {
		return func(d *policyDocument) error {
			return d.assumesEverywhere("1", []string{"arn:aws:iam::*:role/acme-*-a"}, roleARNs...)
		}
	}
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(everywhere), ""},
		{"the management account's too", statements(everywhere + listed), "also has arn:aws:iam::1:role/acme-master-a"},
		{"the management account not left out", statements(everywhere, `,"StringNotEquals":{"aws:ResourceAccount":["1"]}`, ``), "allows nothing"},
		{"accounts that aren't known", statements(everywhere, `"Null":{"aws:ResourceAccount":["false"]},`, ``), "allows nothing"},
		{"another account left out", statements(everywhere, `{"aws:ResourceAccount":["1"]}`, `{"aws:ResourceAccount":["2"]}`), "allows nothing"},
		{"every organization", statements(everywhere, `,"StringEquals":{"aws:ResourceOrgID":["${aws:PrincipalOrgID}"]}`, ``), "allows nothing"},
		{"without MFA", statements(everywhere, `"Bool":{"aws:MultiFactorAuthPresent":["true"]},`, ``), "allows nothing"},
		{"any role", statements(everywhere, `acme-*-a`, `*`), "lacks arn:aws:iam::*:role/acme-*-a"},
		{"every role without a condition", statements(everywhere + `,{"Effect":"Allow","Action":"*","Resource":"*"}`), "allows *"},
	}, check())
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(everywhere + listed), ""},
		{"one less", statements(everywhere), "allows nothing"},
	}, check("arn:aws:iam::1:role/acme-master-a"))
}

func TestDecryptsOnly(t *testing.T) {
	t.Parallel()
	const (
		objects = `{"Sid":"A","Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:us-west-2:1:key/k",` +
			`"Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":["arn:aws:s3:::b/x","arn:aws:s3:::b/y/*"]}}}`
		secrets = `,{"Sid":"B","Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:us-west-2:1:key/k","Condition":{"Null":{"kms:EncryptionContextKeys":"true"}}}`
		nothing = `,{"Sid":"C","Effect":"Deny","Action":"kms:Decrypt","NotResource":"arn:aws:kms:us-west-2:1:key/k"}`
	)
	good := objects + nothing
	check := func(secrets bool) func(*policyDocument) error {
		return func(d *policyDocument) error {
			return d.decryptsOnly("arn:aws:kms:us-west-2:1:key/k", []string{"arn:aws:s3:::b/y/*", "arn:aws:s3:::b/x"}, secrets)
		}
	}
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"secrets besides", statements(objects + secrets + nothing), "also has"},
		{"another key", statements(good, `key/k`, `key/other`), "it lacks"},
		{"every key", statements(good, `"arn:aws:kms:us-west-2:1:key/k"`, `"*"`), "it lacks"},
		{"every object", statements(good, `arn:aws:s3:::b/x`, `arn:aws:s3:::b/*`), "it lacks"},
		{"encrypting", statements(good, `kms:Decrypt`, `kms:*`), "it lacks"},
		{"other keys, if their policies say so", statements(objects), "it lacks"},
		{"as an earlier coldstart wrote it", statements(`{"Sid":"A","Effect":"Allow","Action":["kms:Decrypt"],"Resource":["arn:aws:kms:us-west-2:1:key/k"]}`), "it lacks"},
		{"writing too", statements(good + `,{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}`), "also has"},
		{"nothing", statements(""), "it lacks"},
	}, check(false))
	checkPolicies(t, []policyCase{
		{"as coldstart writes it for master", statements(objects + secrets + nothing), ""},
		{"no secrets", statements(good), "it lacks"},
	}, check(true))
}

func TestSays(t *testing.T) {
	t.Parallel()
	const first = `{"Sid":"First","Effect":"Allow","Action":["ec2:StartInstances","ec2:StopInstances"],"Resource":["*"],` +
		`"Condition":{"StringEquals":{"aws:ResourceTag/Team":["ops","platform"]},"Bool":{"aws:SecureTransport":["true"]}}}`
	const second = `{"Effect":"Deny","NotAction":["ec2:*"],"NotResource":["arn:aws:s3:::acme-*"]}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(first + "," + second), ""},
		{"lists in another order", statements(first+","+second, `["ec2:StartInstances","ec2:StopInstances"]`, `["ec2:StopInstances","ec2:StartInstances"]`), ""},
		{"values by themselves", statements(first+","+second, `["*"]`, `"*"`, `["ec2:*"]`, `"ec2:*"`, `["true"]`, `true`), ""},
		{"one statement", statements(first), "1 statements, and not 2"},
		{"a third", statements(first + "," + second + "," + second), "3 statements, and not 2"},
		{"another effect", statements(first+","+second, `"Deny"`, `"Allow"`), "statement 2 is"},
		{"another action", statements(first+","+second, `ec2:StopInstances`, `ec2:RunInstances`), "statement 1 is"},
		{"all but it", statements(first+","+second, `"NotAction"`, `"Action"`), "statement 2 is"},
		{"on all but it", statements(first+","+second, `"NotResource"`, `"Resource"`), "statement 2 is"},
		{"another value", statements(first+","+second, `"platform"`, `"sales"`), "statement 1 is"},
		{"a condition less", statements(first+","+second, `,"Bool":{"aws:SecureTransport":["true"]}`, ``), "statement 1 is"},
		{"a principal", statements(first+","+second, `"Sid"`, `"Principal":"*","Sid"`), "statement 1 is"},
	}, func(d *policyDocument) error {
		return d.says([]policy.Statement{
			{
				Sid: "First", Effect: policy.Allow, Action: []string{"ec2:StartInstances", "ec2:StopInstances"}, Resource: []string{"*"},
				Condition: policy.Condition{"StringEquals": {"aws:ResourceTag/Team": {"ops", "platform"}}, "Bool": {"aws:SecureTransport": {"true"}}},
			},
			{Effect: policy.Deny, NotAction: []string{"ec2:*"}, NotResource: []string{"arn:aws:s3:::acme-*"}},
		})
	})
	checkPolicies(t, []policyCase{
		{"nothing", statements(""), ""},
		{"something", statements(second), "1 statements, and not 0"},
	}, func(d *policyDocument) error { return d.says(nil) })
}

// selfServing has statements as coldstart writes them.
const selfServing = `{"Sid":"See","Effect":"Allow","Action":["iam:GetAccountPasswordPolicy","iam:ListUsers"],"Resource":["*"]},` +
	`{"Sid":"Own","Effect":"Allow","Action":["iam:ChangePassword","iam:CreateAccessKey","iam:GetUser"],"Resource":["arn:aws:iam::*:user/${aws:username}"]},` +
	`{"Sid":"Device","Effect":"Allow","Action":["iam:CreateVirtualMFADevice"],"Resource":["arn:aws:iam::*:mfa/${aws:username}"]},` +
	`{"Sid":"MFA","Effect":"Deny","NotAction":["iam:CreateVirtualMFADevice","iam:DeleteVirtualMFADevice","iam:EnableMFADevice","iam:ChangePassword","iam:GetUser","sts:GetSessionToken"],` +
	`"Resource":["*"],"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":["false"]}}}`

func TestServesSelf(t *testing.T) {
	t.Parallel()
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(selfServing), ""},
		{"everybody's keys", statements(selfServing, `user/${aws:username}`, `user/*`), "statement Own allows iam:ChangePassword on"},
		{"others too", statements(selfServing, `["arn:aws:iam::*:mfa/${aws:username}"]`, `["arn:aws:iam::*:mfa/${aws:username}","*"]`), "statement Device allows"},
		{"one's own policies", statements(selfServing, `iam:ChangePassword`, `iam:AttachUserPolicy`), "iam:AttachUserPolicy, which is not about credentials"},
		{"one's own groups", statements(selfServing, `iam:CreateAccessKey`, `iam:AddUserToGroup`), "iam:AddUserToGroup, which is not about credentials"},
		{"a pattern", statements(selfServing, `iam:CreateAccessKey`, `iam:*AccessKey*`), "not about credentials"},
		{"everything of one's own", statements(selfServing, `iam:CreateAccessKey`, `iam:*`), "not about credentials"},
		{"another service", statements(selfServing, `iam:ListUsers`, `s3:ListAllMyBuckets`), "allows s3:ListAllMyBuckets"},
		{"everything", statements(selfServing, `iam:ListUsers`, `*`), "allows *"},
		{"all but something", statements(selfServing, `"Effect":"Allow","Action":["iam:ChangePassword"`, `"Effect":"Allow","NotAction":["iam:ChangePassword"`), "all but something"},
		{"nothing", statements(""), "allows nothing"},
	}, (*policyDocument).servesSelf)
}

func TestDeniesWithoutMFA(t *testing.T) {
	t.Parallel()
	const none = "no statement denies"
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(selfServing), ""},
		{"lets keys pass", statements(selfServing, `BoolIfExists`, `Bool`), none},
		{"denies with MFA", statements(selfServing, `"false"`, `"true"`), none},
		{"denies what is one's own", statements(selfServing, `"Resource":["*"],"Condition"`, `"Resource":["arn:aws:iam::*:user/${aws:username}"],"Condition"`), none},
		{"denies some actions", statements(selfServing, `"NotAction"`, `"Action"`), none},
		{"allows", statements(selfServing, `"Deny"`, `"Allow"`), none},
		{"lets keys be made", statements(selfServing, `"sts:GetSessionToken"`, `"sts:GetSessionToken","iam:CreateAccessKey"`), "lets pass iam:CreateAccessKey"},
		{"lets roles be assumed", statements(selfServing, `"sts:GetSessionToken"`, `"sts:*"`), "lets pass sts:*"},
		{"lets nobody begin", statements(selfServing, `"iam:EnableMFADevice",`, ``), "denies iam:EnableMFADevice"},
	}, (*policyDocument).deniesWithoutMFA)
}

func TestReads(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]bool{
		"s3:GetObject":                    true,
		"s3:Get*":                         true,
		"apigateway:GET":                  true,
		"dynamodb:Query":                  true,
		"codestar-notifications:listTags": true,
		"logs:StartQuery":                 true,
		"iam:Generate*":                   true,
		"s3:PutObject":                    false,
		"s3:*":                            false,
		"*":                               false,
		"*:Get*":                          false,
		"s3:G*":                           false,
		"s3:Get":                          true,
		"license-manager:CheckoutLicense": false,
		"license-manager:Check*":          false,
		"ses:VerifyEmailIdentity":         false,
		"acm-pca:IssueCertificate":        false,
		"logs:Start*":                     false,
		"ec2:Listen":                      false,
		"kms:Decrypt":                     false,
	} {
		if got := reads(action); got != want {
			t.Errorf("%s: %t", action, got)
		}
	}
}

func TestReadsOnly(t *testing.T) {
	t.Parallel()
	const good = `{"Sid":"Read","Effect":"Allow","Action":["s3:Get*","s3:List*","sqs:Receive*"],"Resource":"*"},` +
		`{"Effect":"Allow","Action":"s3express:CreateSession","Resource":"*","Condition":{"StringEquals":{"s3express:SessionMode":"ReadOnly"}}}`
	checkPolicies(t, []policyCase{
		{"as AWS writes it", statements(good), ""},
		{"writes", statements(good, `"s3:List*"`, `"s3:List*","s3:PutObject","ec2:RunInstances"`), "allows ec2:RunInstances, s3:PutObject"},
		{"everything of a service", statements(good, `s3:List*`, `s3:*`), "allows s3:*"},
		{"all but something", statements(good, `"Action":["s3`, `"NotAction":["s3`), "statement Read allows all but something"},
		{"sessions that write", statements(good, `"ReadOnly"`, `"ReadWrite"`), "allows s3express:CreateSession"},
		{"any session", statements(good, `"Condition"`, `"Ignored"`), "allows s3express:CreateSession"},
		{"nothing", statements(""), "allows nothing"},
	}, (*policyDocument).readsOnly)
}
