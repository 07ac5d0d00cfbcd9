// Package policy builds IAM policy documents from typed values: the only place
// where one is written.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
package policy

import (
	"encoding/json"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Document is a policy document.
type Document struct {
	Statements []Statement
}

// Statement is one statement of a document.
type Statement struct {
	Sid       string     `json:"Sid"`
	Effect    Effect     `json:"Effect"`
	Principal *Principal `json:"Principal,omitempty"`
	Action    []string   `json:"Action"`
	Resource  []string   `json:"Resource,omitempty"`
	Condition Condition  `json:"Condition,omitempty"`
}

// Effect is what a statement does.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Principal is who a statement of a resource or trust policy speaks of.
type Principal struct {
	// Everyone is for Deny statements only.
	Everyone bool
	// AWS are ARNs of accounts or roles.
	AWS []string
	// Service is a service principal, such as cloudtrail.amazonaws.com.
	Service string
}

// MarshalJSON writes the forms that IAM's grammar has for principals.
func (p Principal) MarshalJSON() ([]byte, error) {
	if p.Everyone {
		return []byte(`"*"`), nil
	}
	m := map[string]any{}
	if len(p.AWS) > 0 {
		m["AWS"] = p.AWS
	}
	if p.Service != "" {
		m["Service"] = p.Service
	}
	return json.Marshal(m)
}

// Condition maps operators to condition keys to values. All must hold.
type Condition map[string]map[string][]string

// JSON returns the document as IAM takes it.
func (d Document) JSON() (string, error) {
	out, err := json.Marshal(struct {
		Version   string      `json:"Version"`
		Statement []Statement `json:"Statement"`
	}{"2012-10-17", d.Statements})
	return string(out), err
}

// Output builds a document from values that are known only when other resources
// are: build gets them in the order of inputs.
func Output(build func(values []string) Document, inputs ...pulumi.StringInput) pulumi.StringOutput {
	outputs := make([]any, len(inputs))
	for i, in := range inputs {
		outputs[i] = in.ToStringOutput()
	}
	return pulumi.All(outputs...).ApplyT(func(resolved []any) (string, error) {
		values := make([]string, len(resolved))
		for i, v := range resolved {
			values[i] = v.(string)
		}
		return build(values).JSON()
	}).(pulumi.StringOutput)
}

// DenyPlaintext denies all access to a bucket that doesn't come by TLS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
func DenyPlaintext(bucketARN string) Statement {
	return Statement{
		Sid:       "DenyPlaintext",
		Effect:    Deny,
		Principal: &Principal{Everyone: true},
		Action:    []string{"s3:*"},
		Resource:  []string{bucketARN, bucketARN + "/*"},
		Condition: Condition{"Bool": {"aws:SecureTransport": {"false"}}},
	}
}

// AdministeredBy lets an account's own IAM policies decide who uses and
// administers a key of its: without it nobody could change the key again.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func AdministeredBy(accountID string) Statement {
	return Statement{
		Sid:       "AdministeredByAccount",
		Effect:    Allow,
		Principal: &Principal{AWS: []string{"arn:aws:iam::" + accountID + ":root"}},
		Action:    []string{"kms:*"},
		Resource:  []string{"*"},
	}
}
