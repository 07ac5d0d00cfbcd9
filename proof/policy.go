package proof

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/organization"
)

// policyDocument is an IAM policy as AWS returns it. Package policy, which writes policies,
// isn't used to read them. Otherwise a mistake in package policy would prove itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type policyDocument struct {
	Statement oneOrMany[policyStatement]
}

type policyStatement struct {
	Sid          string
	Effect       string
	Principal    policyPrincipal
	NotPrincipal policyPrincipal
	Action       oneOrMany[string]
	NotAction    oneOrMany[string]
	Resource     oneOrMany[string]
	NotResource  oneOrMany[string]
	Condition    policyCondition
}

// String identifies the statement in a proof's detail.
func (s policyStatement) String() string {
	if s.Sid == "" {
		return "a statement without a Sid"
	}
	return "statement " + s.Sid
}

// policyPrincipal has principals by kind: AWS, Service, Federated. The principal "*" has the
// kind AWS.
type policyPrincipal map[string]oneOrMany[string]

// policyCondition has values by operator and key.
type policyCondition map[string]map[string]oneOrMany[conditionValue]

// conditionValue is a string. A policy may have true instead of "true".
type conditionValue string

// oneOrMany is a list. A policy may have a single element instead of a list.
type oneOrMany[T any] []T

// UnmarshalJSON reads one element or a list of them.
func (l *oneOrMany[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return json.Unmarshal(data, (*[]T)(l))
	}
	var one T
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*l = oneOrMany[T]{one}
	return nil
}

// UnmarshalJSON reads a string, or another scalar as it is written.
func (v *conditionValue) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(string(data), `"`) {
		return json.Unmarshal(data, (*string)(v))
	}
	*v = conditionValue(data)
	return nil
}

// UnmarshalJSON reads principals by kind, or "*".
func (p *policyPrincipal) UnmarshalJSON(data []byte) error {
	var everyone string
	if json.Unmarshal(data, &everyone) == nil {
		*p = policyPrincipal{"AWS": {everyone}}
		return nil
	}
	return json.Unmarshal(data, (*map[string]oneOrMany[string])(p))
}

// parsePolicy reads a policy, which IAM returns URL-encoded.
func parsePolicy(text string) (*policyDocument, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		decoded, err := url.PathUnescape(text)
		if err != nil {
			return nil, fmt.Errorf("reading a policy: %w", err)
		}
		text = decoded
	}
	var d policyDocument
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	return &d, nil
}

// allows returns the statements that allow.
func (d *policyDocument) allows() []policyStatement {
	return slices.DeleteFunc(slices.Clone(d.Statement), func(s policyStatement) bool { return s.Effect != "Allow" })
}

// requires reports whether a condition limits a statement to requests in which the key equals one
// of exactly these values, by one of the operators. Condition keys aren't case-sensitive.
func (c policyCondition) requires(operators []string, key string, values ...string) bool {
	for _, operator := range operators {
		for k, found := range c[operator] {
			if strings.EqualFold(k, key) && sameSet(texts(found), values) {
				return true
			}
		}
	}
	return false
}

func texts(values []conditionValue) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// equalsOperators returns the operators that compare a key with values. Those for ARNs also accept
// patterns.
func equalsOperators() []string { return []string{"StringEquals"} }

func arnOperators() []string { return []string{"ArnLike", "ArnEquals", "StringLike", "StringEquals"} }

// deniesPlaintext checks that a bucket policy denies everybody all requests without TLS.
func (d *policyDocument) deniesPlaintext(bucket string) error {
	arn := "arn:aws:s3:::" + bucket
	for _, s := range d.Statement {
		if s.Effect == "Deny" &&
			slices.Contains(s.Principal["AWS"], "*") &&
			(slices.Contains(s.Action, "s3:*") || slices.Contains(s.Action, "*")) &&
			slices.Contains(s.Resource, arn) && slices.Contains(s.Resource, arn+"/*") &&
			// Another condition in the statement would be an exception.
			len(s.Condition) == 1 && len(s.Condition["Bool"]) == 1 &&
			s.Condition.requires([]string{"Bool"}, "aws:SecureTransport", "false") {
			return nil
		}
	}
	return errors.New("no statement denies everybody everything if aws:SecureTransport is false")
}

// writers are the trails that may write to the archive.
type writers struct {
	// arn is the ARN of the one trail, or a pattern.
	arn string
	// owners are the accounts of the trails that match the pattern; nil for one trail.
	owners []string
}

// admitsOnlyTrails checks that a bucket or key policy allows CloudTrail to do granted for the given
// trails, and allows nobody else anything but the account owner.
func (d *policyDocument) admitsOnlyTrails(granted string, trails writers, owner string) error {
	found := false
	for _, s := range d.allows() {
		if owner != "" && s.speaksOnlyOf("AWS", rootARN(owner), owner) {
			continue
		}
		switch {
		case !s.speaksOnlyOf("Service", organization.CloudTrailService):
			return fmt.Errorf("%s lets in others than CloudTrail: %v", s, s.Principal)
		case s.unsent() != "":
			return fmt.Errorf("%s demands %s, which CloudTrail isn't known to send, so that AWS may refuse the trail", s, s.unsent())
		case !s.Condition.requires(arnOperators(), "aws:SourceArn", trails.arn):
			return fmt.Errorf("%s isn't limited to %s by aws:SourceArn", s, trails.arn)
		case len(trails.owners) > 0 && !s.Condition.requires(equalsOperators(), "aws:SourceAccount", trails.owners...):
			return fmt.Errorf("%s isn't limited to trails of the organization's accounts by aws:SourceAccount", s)
		}
		found = found || slices.Contains(s.Action, granted)
	}
	if !found {
		return fmt.Errorf("no statement allows CloudTrail %s", granted)
	}
	return nil
}

// letsCloudTrailDecrypt reports whether a key policy allows CloudTrail to decrypt.
func (d *policyDocument) letsCloudTrailDecrypt() bool {
	return slices.ContainsFunc(d.allows(), func(s policyStatement) bool {
		return slices.Contains(s.Principal["Service"], organization.CloudTrailService) && covered(s.Action, "kms:Decrypt")
	})
}

// unsent returns a condition key in the statement that CloudTrail isn't known to send; empty if
// there is none.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
// https://docs.aws.amazon.com/controltower/latest/userguide/logging-s3-audit-bucket.html
func (s policyStatement) unsent() string {
	sent := []string{"aws:sourcearn", "aws:sourceaccount", "s3:x-amz-acl", "kms:encryptioncontext:aws:cloudtrail:arn"}
	if sameSet(s.Action, []string{"s3:PutObject"}) {
		sent = append(sent, "aws:sourceorgid")
	}
	for _, keys := range s.Condition {
		for key := range keys {
			if !slices.Contains(sent, strings.ToLower(key)) {
				return key
			}
		}
	}
	return ""
}

// deniesChanges checks that a policy denies everybody everything but reading, with exactly the
// given condition.
func (d *policyDocument) deniesChanges(reads, resources []string, condition policyCondition) error {
	for _, s := range d.Statement {
		if s.Effect == "Deny" && slices.Contains(s.Principal["AWS"], "*") && s.Condition.is(condition) &&
			len(s.NotAction) > 0 && !slices.ContainsFunc(s.NotAction, func(a string) bool { return !slices.Contains(reads, a) }) &&
			!slices.ContainsFunc(resources, func(r string) bool { return !slices.Contains(s.Resource, r) }) {
			return nil
		}
	}
	return fmt.Errorf("no statement denies everybody all but reading if %s", condition)
}

// trustsOnly checks that a role trusts principals of one account and nobody else.
func (d *policyDocument) trustsOnly(accountID string) error {
	allows := d.allows()
	if len(allows) == 0 {
		return errors.New("its trust policy lets nobody in")
	}
	for _, s := range allows {
		if !s.speaksOnlyOf("AWS", rootARN(accountID), accountID) {
			return fmt.Errorf("its trust policy lets in %v", s.Principal)
		}
	}
	return nil
}

// trustsWithin checks that a role trusts only principals of the given accounts, and only while they
// are in the organization.
func (d *policyDocument) trustsWithin(organizationID string, accountIDs ...string) error {
	allows := d.allows()
	if len(allows) == 0 {
		return errors.New("its trust policy lets nobody in")
	}
	var allowed []string
	for _, id := range accountIDs {
		allowed = append(allowed, rootARN(id), id)
	}
	for _, s := range allows {
		switch {
		case !s.speaksOnlyOf("AWS", allowed...):
			return fmt.Errorf("its trust policy lets in %v", s.Principal)
		case !s.Condition.requires(equalsOperators(), "aws:PrincipalOrgID", organizationID):
			return errors.New("its trust policy isn't limited to the organization by aws:PrincipalOrgID")
		}
	}
	return nil
}

// changesOnly checks that a policy allows changing the NS records of one name in one zone, and
// nothing else but reading.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
func (d *policyDocument) changesOnly(zoneID, name string) error {
	const change = "route53:ChangeResourceRecordSets"
	found := false
	for _, s := range d.allows() {
		changing := slices.DeleteFunc(slices.Clone(s.Action), readsRoute53)
		switch {
		case len(s.NotAction) > 0 || len(s.NotResource) > 0:
			return fmt.Errorf("%s allows all but something", s)
		case len(changing) == 0:
			continue
		case !sameSet(changing, []string{change}):
			return fmt.Errorf("%s allows %s", s, strings.Join(changing, ", "))
		}
		if err := s.changesRecords(zoneID, name); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		found = true
	}
	if !found {
		return errors.New("no statement allows " + change)
	}
	return nil
}

func (s policyStatement) changesRecords(zoneID, name string) error {
	const (
		names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
		types = "route53:ChangeResourceRecordSetsRecordTypes"
	)
	each := []string{"ForAllValues:StringEquals"}
	switch {
	case !sameSet(s.Resource, []string{"arn:aws:route53:::hostedzone/" + zoneID}):
		return fmt.Errorf("it isn't limited to the apex zone: %s", strings.Join(s.Resource, ", "))
	case !s.Condition.requires(each, names, name):
		return fmt.Errorf("it isn't limited to the name %s", name)
	case !s.Condition.requires(each, types, "NS"):
		return errors.New("it isn't limited to NS records")
	// ForAllValues also matches a request that lacks the key.
	case !s.Condition.requires([]string{"Null"}, names, "false") || !s.Condition.requires([]string{"Null"}, types, "false"):
		return errors.New("it allows requests that name no record")
	}
	return nil
}

func readsRoute53(action string) bool {
	return strings.HasPrefix(action, "route53:Get") || strings.HasPrefix(action, "route53:List")
}

// speaksOnlyOf reports whether all principals of a statement are of one kind and among the given
// ones.
func (s policyStatement) speaksOnlyOf(kind string, principals ...string) bool {
	if len(s.Principal) != 1 || len(s.Principal[kind]) == 0 {
		return false
	}
	return !slices.ContainsFunc(s.Principal[kind], func(p string) bool { return !slices.Contains(principals, p) })
}

// rootARN is the principal that names an account in a policy.
func rootARN(accountID string) string { return "arn:aws:iam::" + accountID + ":root" }

// sameSet reports whether two lists have the same elements, in any order.
func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
