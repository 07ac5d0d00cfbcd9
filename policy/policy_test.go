package policy_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/policy"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		statement policy.Statement
		want      string
	}{
		{"identity's", policy.Statement{Sid: "A", Effect: policy.Allow, Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::b/*"}}, `
    {
      "Sid": "A",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::b/*"
    }`},
		{"trust", policy.Statement{
			Sid: "A", Effect: policy.Allow, Principal: &policy.Principal{AWS: []string{"arn:aws:iam::1:root", "arn:aws:iam::2:root"}},
			Action: []string{"sts:AssumeRole"}, Condition: policy.Condition{"StringEquals": {"aws:PrincipalOrgID": {"o-1"}}},
		}, `
    {
      "Sid": "A",
      "Effect": "Allow",
      "Principal": {"AWS": ["arn:aws:iam::1:root", "arn:aws:iam::2:root"]},
      "Action": "sts:AssumeRole",
      "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    }`},
		{"service's", policy.Statement{
			Sid: "A", Effect: policy.Allow, Principal: &policy.Principal{Service: "cloudtrail.amazonaws.com"},
			Action: []string{"s3:PutObject"}, Resource: []string{"*"},
		}, `
    {
      "Sid": "A",
      "Effect": "Allow",
      "Principal": {"Service": "cloudtrail.amazonaws.com"},
      "Action": "s3:PutObject",
      "Resource": "*"
    }`},
		{"plaintext", policy.DenyPlaintext("arn:aws:s3:::b"), `
    {
      "Sid": "DenyPlaintext",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:*",
      "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
      "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    }`},
		{"key's", policy.AdministeredBy("123456789012"), `
    {
      "Sid": "AdministeredByAccount",
      "Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
      "Action": "kms:*",
      "Resource": "*"
    }`},
	} {
		got, err := policy.Document{Statements: []policy.Statement{c.statement}}.JSON()
		if err != nil {
			t.Fatal(err)
		}
		want := compact(t, `{"Version": "2012-10-17", "Statement": [`+c.want+`]}`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

// TestList reads what AWS and people write.
func TestList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]policy.List{
		`"s3:GetObject"`:             {"s3:GetObject"},
		`["s3:GetObject"]`:           {"s3:GetObject"},
		`["s3:GetObject","s3:Put*"]`: {"s3:GetObject", "s3:Put*"},
		`[]`:                         {},
	} {
		var got policy.List
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}

func compact(t *testing.T, document string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(document)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
