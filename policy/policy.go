// Package policy builds IAM policy documents from typed values. Every document that coldstart
// puts into AWS is built by it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
package policy

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Document is a policy document.
type Document struct {
	Statements []Statement
}

// List is a list of actions, resources, principals or values. A list of one is
// written as the one by itself: AWS takes both forms to mean the same and returns
// some policies in this one, and tools that read policies often know only this one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-notes
type List []string

// MarshalJSON writes a list of one without brackets.
func (l List) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

// UnmarshalJSON reads both forms of a list of one. Conditions may have a boolean or a
// number for a string.
func (l *List) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("[")) {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	var values []json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return err
	}
	*l = make(List, len(values))
	for i, v := range values {
		if (*l)[i] = string(v); bytes.ContainsAny(v[:1], `"{[`) {
			if err := json.Unmarshal(v, &(*l)[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Statement is one statement of a document. It has either Action or NotAction,
// and either Resource or NotResource unless it is a trust policy's.
type Statement struct {
	Sid         string     `json:"Sid,omitempty"`
	Effect      Effect     `json:"Effect"`
	Principal   *Principal `json:"Principal,omitempty"`
	Action      List       `json:"Action,omitempty"`
	NotAction   List       `json:"NotAction,omitempty"`
	Resource    List       `json:"Resource,omitempty"`
	NotResource List       `json:"NotResource,omitempty"`
	Condition   Condition  `json:"Condition,omitempty"`
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
	AWS List
	// Service is a service principal, such as cloudtrail.amazonaws.com.
	Service string
	// Federated is the ARN of an identity provider.
	Federated string
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
	if p.Federated != "" {
		m["Federated"] = p.Federated
	}
	return json.Marshal(m)
}

// Condition maps operators to condition keys to values. All must hold.
type Condition map[string]map[string]List

// JSON returns the document as IAM takes it, without white space, which counts
// in the sizes that AWS Organizations allows.
func (d Document) JSON() (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // \u003c is five characters longer than <.
	err := encoder.Encode(struct {
		Version   string      `json:"Version"`
		Statement []Statement `json:"Statement"`
	}{"2012-10-17", d.Statements})
	return string(bytes.TrimSpace(out.Bytes())), err
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
