package proof

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// policyCase is a policy and the error that a check of the policy returns; empty for none.
type policyCase struct{ name, policy, want string }

// checkPolicies checks each case's policy twice: as it is, and URL-encoded as IAM returns it.
func checkPolicies(t *testing.T, cases []policyCase, check func(*policyDocument) error) {
	t.Helper()
	for _, c := range cases {
		for form, text := range map[string]string{"plain": c.policy, "encoded": url.PathEscape(c.policy)} {
			d, err := parsePolicy(text)
			if err != nil {
				t.Fatalf("%s, %s: %v", c.name, form, err)
			}
			err = check(d)
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v, want %q", c.name, form, err, c.want)
			}
		}
	}
}

// statements returns a policy with the given statements. edits are pairs of old and new text.
func statements(statement string, edits ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.NewReplacer(edits...).Replace(statement) + `]}`
}

func TestParsePolicyRejects(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "%zz", `{"Statement":"no"}`, `{"Statement":[{"Action":1}]}`} {
		if _, err := parsePolicy(text); err == nil {
			t.Errorf("%q is no policy", text)
		}
	}
}

func TestDeniesPlaintext(t *testing.T) {
	t.Parallel()
	const good = `{"Effect":"Deny","Principal":"*","Action":["s3:*"],` +
		`"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":["false"]}}}`
	const lacks = "no statement denies"
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"one statement by itself", `{"Statement":` + good + `}`, ""},
		{"values by themselves", statements(good, `["s3:*"]`, `"s3:*"`, `["false"]`, `"false"`), ""},
		{"a Boolean", statements(good, `["false"]`, `false`), ""},
		{"the key in another case", statements(good, "aws:SecureTransport", "AWS:securetransport"), ""},
		{"everybody written out", statements(good, `"Principal":"*"`, `"Principal":{"AWS":"*"}`), ""},
		{"allows", statements(good, "Deny", "Allow"), lacks},
		{"denies TLS", statements(good, `"false"`, `"true"`), lacks},
		{"denies one account", statements(good, `"*","Action"`, `{"AWS":"123456789012"},"Action"`), lacks},
		{"denies reading", statements(good, `s3:*`, `s3:GetObject`), lacks},
		{"leaves out the objects", statements(good, `,"arn:aws:s3:::b/*"`, ``), lacks},
		{"another bucket", statements(good, `:::b`, `:::c`), lacks},
		{"has exceptions", statements(good, `"Condition":{`, `"Condition":{"StringNotEquals":{"aws:PrincipalAccount":"1"},`), lacks},
		{"no statement", statements(""), lacks},
	}, func(d *policyDocument) error { return d.deniesPlaintext("b") })
}

func TestAdmitsOnlyTrails(t *testing.T) {
	t.Parallel()
	const trail = "arn:aws:cloudtrail:us-west-2:123456789012:trail/acme-master-trail"
	const good = `{"Sid":"Write","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["s3:PutObject"],` +
		`"Resource":["arn:aws:s3:::b/AWSLogs/*"],"Condition":{"ArnLike":{"aws:SourceArn":["` + trail + `"]}}}`
	const owner = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"kms:*","Resource":"*"}`
	of := func(key string) string {
		return strings.Replace(good, `"ArnLike"`, `"StringEquals":{"`+key+`":["1","2"]},"ArnLike"`, 1)
	}
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"a value by itself", statements(good, `["s3:PutObject"]`, `"s3:PutObject"`, `["`+trail+`"]`, `"`+trail+`"`), ""},
		{"with the owner", statements(owner + "," + good), ""},
		{"denials of others", statements(strings.Replace(owner, "Allow", "Deny", 1) + "," + good), ""},
		{"another account", statements(strings.Replace(owner, "2109", "9999", 1) + "," + good), "lets in others"},
		{"everybody", statements(good, `{"Service":"cloudtrail.amazonaws.com"}`, `"*"`), "lets in others"},
		{"another service too", statements(good, `"cloudtrail.amazonaws.com"`, `["cloudtrail.amazonaws.com","config.amazonaws.com"]`), "lets in others"},
		{"all but somebody", statements(good, `"Principal"`, `"NotPrincipal"`), "lets in others"},
		{"the organization on writing", statements(of("aws:SourceOrgID")), ""},
		{"the organization on anything else", statements(of("aws:SourceOrgID"), "PutObject", "GetBucketAcl"), "demands aws:SourceOrgID, which CloudTrail isn't known to send"},
		{"paths of the organization", statements(of("aws:SourceOrgPaths")), "demands aws:SourceOrgPaths"},
		{"any trail", statements(good, `acme-master-trail`, `*`), "aws:SourceArn"},
		{"no trail", statements(good, `aws:SourceArn`, `aws:SourceAccount`), "aws:SourceArn"},
		{"an operator that lets pass", statements(good, `ArnLike`, `ArnLikeIfExists`), "aws:SourceArn"},
		{"reading only", statements(good, `PutObject`, `GetBucketAcl`), "no statement allows"},
	}, func(d *policyDocument) error {
		return d.admitsOnlyTrails("s3:PutObject", writers{arn: trail}, "210987654321")
	})
	checkPolicies(t, []policyCase{
		{"the accounts", statements(of("aws:SourceAccount")), ""},
		{"one account less", statements(of("aws:SourceAccount"), `["1","2"]`, `["1"]`), "aws:SourceAccount"},
		{"one account more", statements(of("aws:SourceAccount"), `["1","2"]`, `["1","2","3"]`), "aws:SourceAccount"},
		{"any account", statements(good), "aws:SourceAccount"},
	}, func(d *policyDocument) error {
		return d.admitsOnlyTrails("s3:PutObject", writers{trail, []string{"2", "1"}}, "")
	})
}

func TestDeniesChanges(t *testing.T) {
	t.Parallel()
	const good = `{"Effect":"Deny","Principal":"*","NotAction":["s3:Get*","s3:List*"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],` +
		`"Condition":{"ArnNotEquals":{"aws:PrincipalArn":["in"]}}}`
	const lacks = "no statement denies everybody all but reading"
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"fewer exceptions", statements(good, `["s3:Get*","s3:List*"]`, `"s3:Get*"`), ""},
		{"of an earlier version", statements(""), lacks},
		{"allows", statements(good, "Deny", "Allow"), lacks},
		{"somebody", statements(good, `"*",`, `{"AWS":"somebody"},`), lacks},
		{"some actions", statements(good, "NotAction", "Action"), lacks},
		{"more exceptions", statements(good, "s3:List*", "s3:*"), lacks},
		{"some resources", statements(good, `,"arn:aws:s3:::b/*"`, ""), lacks},
		{"another role", statements(good, `"in"`, `"in","other"`), lacks},
		{"another condition", statements(good, `"ArnNotEquals"`, `"Bool":{"aws:SecureTransport":["false"]},"ArnNotEquals"`), lacks},
	}, func(d *policyDocument) error {
		return d.deniesChanges([]string{"s3:Get*", "s3:List*"}, []string{"arn:aws:s3:::b", "arn:aws:s3:::b/*"}, conditionOf("ArnNotEquals", "aws:PrincipalArn", "in"))
	})
}

func TestTrustsWithin(t *testing.T) {
	t.Parallel()
	const good = `{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::222222222222:root"]},` +
		`"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good), ""},
		{"one of them", statements(good, `["arn:aws:iam::111111111111:root","arn:aws:iam::222222222222:root"]`, `"111111111111"`), ""},
		{"a third", statements(good, `222222222222`, `333333333333`), "lets in"},
		{"everybody", statements(good, `{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::222222222222:root"]}`, `"*"`), "lets in"},
		{"no condition", statements(good, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`, ``), "aws:PrincipalOrgID"},
		{"another organization", statements(good, `o-1`, `o-2`), "aws:PrincipalOrgID"},
		{"a pattern", statements(good, `StringEquals`, `StringLike`), "aws:PrincipalOrgID"},
		{"nobody", statements(""), "nobody"},
	}, func(d *policyDocument) error { return d.trustsWithin("o-1", "111111111111", "222222222222") })
}

func TestTrustsOnly(t *testing.T) {
	t.Parallel()
	const good = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"sts:AssumeRole"}`
	checkPolicies(t, []policyCase{
		{"as Organizations writes it", statements(good), ""},
		{"a list", statements(good, `"arn:aws:iam::111111111111:root"`, `["arn:aws:iam::111111111111:root"]`), ""},
		{"another", statements(good, `111111111111`, `222222222222`), "lets in"},
		{"one more", statements(good + "," + strings.Replace(good, "1111", "2222", 1)), "lets in"},
		{"a service too", statements(good, `"Principal":{`, `"Principal":{"Service":"ec2.amazonaws.com",`), "lets in"},
		{"nobody", statements(good, "Allow", "Deny"), "nobody"},
	}, func(d *policyDocument) error { return d.trustsOnly("111111111111") })
}

func TestChangesOnly(t *testing.T) {
	t.Parallel()
	const good = `{"Sid":"Change","Effect":"Allow","Action":["route53:ChangeResourceRecordSets"],"Resource":["arn:aws:route53:::hostedzone/Z1"],` +
		`"Condition":{"ForAllValues:StringEquals":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":["prod.acme.example"],` +
		`"route53:ChangeResourceRecordSetsRecordTypes":["NS"]},` +
		`"Null":{"route53:ChangeResourceRecordSetsNormalizedRecordNames":["false"],"route53:ChangeResourceRecordSetsRecordTypes":["false"]}}}`
	const read = `{"Sid":"Read","Effect":"Allow","Action":["route53:GetChange","route53:ListResourceRecordSets"],"Resource":"*"}`
	checkPolicies(t, []policyCase{
		{"as coldstart writes it", statements(good + "," + read), ""},
		{"values by themselves", statements(good, `["NS"]`, `"NS"`, `["prod.acme.example"]`, `"prod.acme.example"`), ""},
		{"a second name", statements(good, `["prod.acme.example"]`, `["prod.acme.example","dev.acme.example"]`), "prod.acme.example"},
		{"another name", statements(good, `prod.`, `dev.`), "prod.acme.example"},
		{"a second type", statements(good, `["NS"]`, `["NS","A"]`), "NS records"},
		{"another zone", statements(good, `Z1`, `Z2`), "apex zone"},
		{"every zone", statements(good, `Z1`, `*`), "apex zone"},
		{"requests without a name", statements(good, `"Null"`, `"Bool"`), "name no record"},
		{"any change", statements(good, `"Condition"`, `"Ignored"`), "prod.acme.example"},
		{"all of Route 53", statements(good + "," + strings.Replace(read, "route53:GetChange", "route53:*", 1)), "allows route53:*"},
		{"another service", statements(good + "," + strings.Replace(read, "route53:GetChange", "iam:PassRole", 1)), "allows iam:PassRole"},
		{"all but something", statements(good + "," + strings.Replace(read, "Action", "NotAction", 1)), "all but something"},
		{"nothing", statements(read), "no statement allows"},
	}, func(d *policyDocument) error { return d.changesOnly("Z1", "prod.acme.example") })
}

// listsOfOne writes single values as lists of one value. AWS accepts both, and earlier versions
// of coldstart wrote lists.
func listsOfOne(t *testing.T, document string) string {
	t.Helper()
	var d struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatal(err)
	}
	wrap := func(of map[string]any, keys ...string) {
		for _, key := range keys {
			if one, ok := of[key].(string); ok {
				of[key] = []string{one}
			}
		}
	}
	for _, s := range d.Statement {
		wrap(s, "Action", "NotAction", "Resource", "NotResource")
		conditions, _ := s["Condition"].(map[string]any)
		for _, keys := range conditions {
			of := keys.(map[string]any)
			wrap(of, slices.Collect(maps.Keys(of))...)
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
