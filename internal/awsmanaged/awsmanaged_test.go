package awsmanaged

import "testing"

// Every policy can be read, and is found by its ARN.
func TestDocument(t *testing.T) {
	t.Parallel()
	for name := range index() {
		if d, known := Document(prefix + name); !known || len(d.Statements) == 0 {
			t.Errorf("%s: %t, %d statements", name, known, len(d.Statements))
		}
	}
	if n := len(index()); n < 900 {
		t.Errorf("%d policies", n)
	}
	for arn, known := range map[string]bool{
		"arn:aws:iam::aws:policy/AdministratorAccess":     true,
		"arn:aws:iam::aws:policy/job-function/Billing":    true,
		"arn:aws:iam::aws:policy/Administrator":           false,
		"arn:aws:iam::123456789012:policy/ReadOnlyAccess": false,
		"AdministratorAccess":                             false,
	} {
		if _, got := Document(arn); got != known {
			t.Errorf("%s: %t", arn, got)
		}
	}
}
