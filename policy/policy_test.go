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
			Sid: "A", Effect: policy.Allow, Principal: &policy.Principal{Service: policy.List{"cloudtrail.amazonaws.com"}},
			Action: []string{"s3:PutObject"}, Resource: []string{"*"},
		}, `
    {
      "Sid": "A",
      "Effect": "Allow",
      "Principal": {"Service": "cloudtrail.amazonaws.com"},
      "Action": "s3:PutObject",
      "Resource": "*"
    }`},
		{"plaintext", policy.Statement{
			Sid: "DenyPlaintext", Effect: policy.Deny, Principal: &policy.Principal{Everyone: true}, Action: policy.List{"s3:*"},
			Resource: policy.List{"arn:aws:s3:::b", "arn:aws:s3:::b/*"}, Condition: policy.Condition{"Bool": {"aws:SecureTransport": {"false"}}},
		}, `
    {
      "Sid": "DenyPlaintext",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:*",
      "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
      "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    }`},
		{"workflows'", policy.Statement{
			Effect: policy.Allow, Principal: &policy.Principal{Federated: policy.List{"arn:aws:iam::1:oidc-provider/i.example"}, AWS: policy.List{"1"}},
			Action: policy.List{"sts:AssumeRoleWithWebIdentity"}, Condition: policy.Condition{"StringLike": {"i.example:sub": {"<&>"}}},
		}, `
    {
      "Effect": "Allow",
      "Principal": {"AWS": "1", "Federated": "arn:aws:iam::1:oidc-provider/i.example"},
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {"StringLike": {"i.example:sub": "<&>"}}
    }`},
		{"all but", policy.Statement{
			Effect: policy.Deny, NotPrincipal: &policy.Principal{AWS: policy.List{"1"}, CanonicalUser: policy.List{"c"}},
			NotAction: policy.List{"s3:Get*"}, NotResource: policy.List{"arn:aws:s3:::b"},
		}, `
    {
      "Effect": "Deny",
      "NotPrincipal": {"AWS": "1", "CanonicalUser": "c"},
      "NotAction": "s3:Get*",
      "NotResource": "arn:aws:s3:::b"
    }`},
	} {
		document := policy.Document{Statements: []policy.Statement{c.statement}}
		got, err := document.JSON()
		if err != nil {
			t.Fatal(err)
		}
		read, err := policy.Parse(got)
		if diff := cmp.Diff(document, read); diff != "" || err != nil {
			t.Errorf("%s: %v (-written +read)\n%s", c.name, err, diff)
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
		`[true,2.50,"x"]`:            {"true", "2.50", "x"},
		`null`:                       nil,
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

// TestParse reads what AWS and people write, and keeps what it means.
func TestParse(t *testing.T) {
	t.Parallel()
	one := []policy.Statement{{Effect: policy.Deny, Action: policy.List{"*"}, Resource: policy.List{"*"}}}
	const statement = `{"Effect": "Deny", "Action": "*", "Resource": ["*"]}`
	for text, want := range map[string]policy.Document{
		`{"Version": "2012-10-17", "Statement": [` + statement + `]}`:            {Statements: one},
		`{"Version": "2012-10-17", "Statement": ` + statement + `}`:              {Statements: one},
		`{"Id": "x", "Version": "2008-10-17", "Statement": [` + statement + `]}`: {Version: "2008-10-17", ID: "x", Statements: one},
		`{"Statement": ` + statement + `}`:                                       {Version: "2008-10-17", Statements: one},
	} {
		got, err := policy.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var same policy.Document
		if err := json.Unmarshal(again, &same); err != nil || !cmp.Equal(got, same) {
			t.Errorf("%s is read as %+v, %v", again, same, err)
		}
	}
}

// TestParseRefuses what would be lost in silence.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `x`, `[]`, `{"Statement": 5}`, `{"Statements": []}`,
		`{"Statement": {"Effect": "Allow", "Conditions": {}}}`,
		`{"Statement": [{"Effect": "Allow", "Conditions": {}}]}`,
		`{"Statement": {"Principal": {"Aws2": "1"}}}`,
		`{"Statement": {"Principal": "1"}}`,
		`{"Statement": {"Action": [{}]}}`,
	} {
		if d, err := policy.Parse(text); err == nil {
			t.Errorf("%s is read as %+v", text, d)
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
