package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/policy"
)

// FuzzParse reads what Parse accepts as the same again, once it is written.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": ["*"]}}`,
		`{"Statement": [{"Sid": "A", "Effect": "Allow", "Principal": {"AWS": ["1"], "Federated": "x"}, "NotAction": [], "Condition": {"Bool": {"aws:SecureTransport": false}}}]}`,
		`{"Id": "i", "Statement": {"NotPrincipal": "*", "NotResource": [1.50, true]}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := policy.Parse(text)
		if err != nil {
			return
		}
		written, err := read.JSON()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := policy.Parse(written)
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, written, err)
		}
		last, err := again.JSON()
		if diff := cmp.Diff(written, last); err != nil || diff != "" {
			t.Errorf("%q: %v (-written +written again)\n%s", text, err, diff)
		}
	})
}
