package proof

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/policy"
)

var errAllowsNothing = errors.New("it allows nothing")

// says checks that a policy has exactly the declared statements.
func (d *policyDocument) says(declared []policy.Statement) error {
	found, want := []policyStatement(d.Statement), written(declared)
	if len(found) != len(want) {
		return fmt.Errorf("it has %d statements, and not %d", len(found), len(want))
	}
	for i := range want {
		if got, want := found[i].canonical(), want[i].canonical(); got != want {
			return fmt.Errorf("statement %d is %s, and not %s", i+1, got, want)
		}
	}
	return nil
}

// written returns declared statements as AWS returns them. Of package policy, it uses only the
// type of which declarations are made.
func written(declared []policy.Statement) []policyStatement {
	var all []policyStatement
	for _, s := range declared {
		one := policyStatement{
			Sid: s.Sid, Effect: string(s.Effect),
			Action: oneOrMany[string](s.Action), NotAction: oneOrMany[string](s.NotAction),
			Resource: oneOrMany[string](s.Resource), NotResource: oneOrMany[string](s.NotResource),
		}
		if s.Principal != nil { // A declaration can name everybody only.
			one.Principal = policyPrincipal{"AWS": {"*"}}
		}
		for operator, keys := range s.Condition {
			for key, values := range keys {
				one.require(operator, key, values...)
			}
		}
		all = append(all, one)
	}
	return all
}

// require adds a condition.
func (s *policyStatement) require(operator, key string, values ...string) {
	if s.Condition == nil {
		s.Condition = policyCondition{}
	}
	if s.Condition[operator] == nil {
		s.Condition[operator] = map[string]oneOrMany[conditionValue]{}
	}
	for _, v := range values {
		s.Condition[operator][key] = append(s.Condition[operator][key], conditionValue(v))
	}
}

// canonical returns the same text for statements that mean the same. The order of a list and the
// case of condition keys have no meaning.
func (s policyStatement) canonical() string {
	fields := map[string]any{"Effect": s.Effect}
	if s.Sid != "" {
		fields["Sid"] = s.Sid
	}
	for name, list := range map[string][]string{
		"Action": s.Action, "NotAction": s.NotAction, "Resource": s.Resource, "NotResource": s.NotResource,
	} {
		if len(list) > 0 {
			fields[name] = distinct(list)
		}
	}
	for name, principal := range map[string]policyPrincipal{"Principal": s.Principal, "NotPrincipal": s.NotPrincipal} {
		if len(principal) > 0 {
			fields[name] = principal
		}
	}
	if len(s.Condition) > 0 {
		fields["Condition"] = s.Condition.canonical()
	}
	return jsonText(fields)
}

// canonical returns the same value for conditions that mean the same.
func (c policyCondition) canonical() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for operator, keys := range c {
		all[operator] = map[string][]string{}
		for key, values := range keys {
			key = strings.ToLower(key)
			all[operator][key] = distinct(append(all[operator][key], texts(values)...))
		}
	}
	return all
}

func distinct(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// String returns the same text for conditions that mean the same.
func (c policyCondition) String() string { return jsonText(c.canonical()) }

// is reports whether two conditions mean the same.
func (c policyCondition) is(other policyCondition) bool { return c.String() == other.String() }

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error() // The value has only strings, so this can't fail.
	}
	return string(text)
}

// trustsUsers checks that a role trusts an account's principals with MFA, and nobody else. If age
// isn't 0, the MFA code must not be older.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
func (d *policyDocument) trustsUsers(accountID string, age time.Duration) error {
	if err := d.trustsOnly(accountID); err != nil {
		return err
	}
	with := withMFA()
	if age > 0 {
		with.require("NumericLessThanEquals", "aws:MultiFactorAuthAge", strconv.Itoa(seconds(age)))
	}
	return d.allowsOnly([]string{"sts:AssumeRole"}, with.Condition)
}

// withMFA requires MFA. BoolIfExists wouldn't be enough, because requests with long-lived access
// keys don't have the condition key.
func withMFA() (s policyStatement) {
	s.require("Bool", "aws:MultiFactorAuthPresent", "true")
	return s
}

// trustsWorkflows checks that a role trusts an identity provider's tokens with exactly the given
// subjects, and nobody else.
// https://docs.github.com/en/actions/reference/security/oidc
func (d *policyDocument) trustsWorkflows(providerARN string, subjects ...string) error {
	for _, s := range d.allows() {
		if !s.speaksOnlyOf("Federated", providerARN) {
			return fmt.Errorf("its trust policy lets in %v", s.Principal)
		}
	}
	var only policyStatement
	only.require("StringEquals", gitHubIssuer+":aud", gitHubAudience)
	only.require("StringEquals", gitHubIssuer+":sub", subjects...)
	return d.allowsOnly([]string{"sts:AssumeRoleWithWebIdentity"}, only.Condition)
}

// allowsOnly checks that a policy allows the given actions with exactly this condition, and nothing
// else.
func (d *policyDocument) allowsOnly(actions []string, condition policyCondition) error {
	if len(d.allows()) == 0 {
		return errAllowsNothing
	}
	for _, s := range d.allows() {
		switch {
		case len(s.NotAction) > 0 || len(s.NotResource) > 0:
			return fmt.Errorf("%s allows all but something", s)
		case !sameSet(s.Action, actions):
			return fmt.Errorf("%s allows %s", s, listed(s.Action))
		case !s.Condition.is(condition):
			return fmt.Errorf("%s allows it if %s, and not if %s", s, s.Condition, condition)
		}
	}
	return nil
}

// assumesOnly checks that a policy allows assuming exactly the given roles, with MFA, and
// nothing else.
func (d *policyDocument) assumesOnly(roleARNs ...string) error {
	return d.assumes(withMFA().Condition, roleARNs)
}

// assumesEverywhere checks that a policy allows assuming exactly the given roles and the roles that
// match the patterns, with MFA. The patterns apply in the user's organization only, and not in its
// management account.
func (d *policyDocument) assumesEverywhere(managementAccountID string, patterns []string, roleARNs ...string) error {
	inOrganization := withMFA()
	inOrganization.require("StringEquals", "aws:ResourceOrgID", "${aws:PrincipalOrgID}")
	inOrganization.require("Null", "aws:ResourceAccount", "false")
	inOrganization.require("StringNotEquals", "aws:ResourceAccount", managementAccountID)
	var everywhere, listed policyDocument
	for _, s := range d.Statement {
		if s.Condition.is(inOrganization.Condition) {
			everywhere.Statement = append(everywhere.Statement, s)
		} else {
			listed.Statement = append(listed.Statement, s)
		}
	}
	if err := everywhere.assumes(inOrganization.Condition, patterns); err != nil {
		return err
	}
	if len(roleARNs)+len(listed.Statement) == 0 {
		return nil
	}
	return listed.assumesOnly(roleARNs...)
}

// assumes checks that a policy allows assuming exactly the given roles with exactly this condition,
// and nothing else.
func (d *policyDocument) assumes(condition policyCondition, roleARNs []string) error {
	if err := d.allowsOnly([]string{"sts:AssumeRole"}, condition); err != nil {
		return err
	}
	return exactly(d.allowedResources(), roleARNs)
}

// decryptsOnly checks that a policy allows decrypting the objects with the key and denies
// decrypting with any other key. If secrets is set, the policy also has to allow decrypting what
// was encrypted without an encryption context.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
func (d *policyDocument) decryptsOnly(keyARN string, objectARNs []string, secrets bool) error {
	allowed := func(operator, key string, values ...string) policyStatement {
		s := policyStatement{Effect: "Allow", Action: oneOrMany[string]{"kms:Decrypt"}, Resource: oneOrMany[string]{keyARN}}
		s.require(operator, key, values...)
		return s
	}
	want := []policyStatement{
		allowed("StringLike", "kms:EncryptionContext:aws:s3:arn", objectARNs...),
		{Effect: "Deny", Action: oneOrMany[string]{"kms:Decrypt"}, NotResource: oneOrMany[string]{keyARN}},
	}
	if secrets {
		want = append(want, allowed("Null", "kms:EncryptionContextKeys", "true"))
	}
	return exactly(meanings(d.Statement), meanings(want))
}

// meanings returns the statements as texts, without their Sids.
func meanings(statements []policyStatement) []string {
	var all []string
	for _, s := range statements {
		s.Sid = ""
		all = append(all, s.canonical())
	}
	return all
}

func (d *policyDocument) allowedResources() []string {
	var all []string
	for _, s := range d.allows() {
		all = append(all, s.Resource...)
	}
	return all
}

// The user's own resources: the user, and the virtual MFA device of the user's name.
const (
	ownUser   = "arn:aws:iam::*:user/${aws:username}"
	ownDevice = "arn:aws:iam::*:mfa/${aws:username}"
)

// servesSelf checks that a policy allows users to read, to change their own credentials, and
// nothing else. A user who can change anything else of their own user, such as its policies or
// groups, can do everything.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
func (d *policyDocument) servesSelf() error {
	if len(d.allows()) == 0 {
		return errAllowsNothing
	}
	for _, s := range d.allows() {
		if len(s.NotAction) > 0 || len(s.NotResource) > 0 {
			return fmt.Errorf("%s allows all but something", s)
		}
		own := !slices.ContainsFunc(s.Resource, func(r string) bool { return r != ownUser && r != ownDevice })
		for _, action := range s.Action {
			switch service, _, _ := strings.Cut(action, ":"); {
			case service != "iam":
				return fmt.Errorf("%s allows %s", s, action)
			case !reads(action) && !own:
				return fmt.Errorf("%s allows %s on %s", s, action, listed(s.Resource))
			case !reads(action) && !changesCredentials(action):
				return fmt.Errorf("%s allows %s, which is not about credentials", s, action)
			}
		}
	}
	return nil
}

// changesCredentials reports whether an action is about credentials. A pattern never is.
func changesCredentials(action string) bool {
	return !strings.ContainsAny(action, "*?") && slices.ContainsFunc(
		[]string{"Password", "LoginProfile", "AccessKey", "MFADevice", "SSHPublicKey", "SigningCertificate", "ServiceSpecificCredential"},
		func(kind string) bool { return strings.Contains(action, kind) })
}

// deniesWithoutMFA checks that a policy denies everything without MFA except what users need to set
// up MFA. BoolIfExists also matches requests with long-lived access keys, which don't have the
// condition key.
func (d *policyDocument) deniesWithoutMFA() error {
	needed := []string{"iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice", "iam:EnableMFADevice", "iam:ChangePassword"}
	harmless := append([]string{
		"iam:GetAccountPasswordPolicy", "iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices",
		"iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken",
	}, needed...)
	var without policyStatement
	without.require("BoolIfExists", "aws:MultiFactorAuthPresent", "false")
	for _, s := range d.Statement {
		if s.Effect != "Deny" || len(s.NotAction) == 0 || !sameSet(s.Resource, []string{"*"}) || !s.Condition.is(without.Condition) {
			continue
		}
		if more := missing(harmless, s.NotAction); len(more) > 0 {
			return fmt.Errorf("%s lets pass %s", s, listed(more))
		}
		if less := missing(s.NotAction, needed); len(less) > 0 {
			return fmt.Errorf("%s denies %s, without which there is no way to set up MFA", s, listed(less))
		}
		return nil
	}
	return errors.New("no statement denies all but something without MFA")
}

// covered reports whether one of the patterns matches an action, in any case.
func covered(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(action))
		return ok && err == nil
	})
}
