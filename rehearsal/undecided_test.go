package rehearsal

import (
	"slices"
	"testing"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// TestUndecided checks that open decisions are a line for each thing that would have to be known.
func TestUndecided(t *testing.T) {
	t.Parallel()
	r := &Report{}
	r.undecided(proxy.Report{Undecided: map[string]int{
		"s3:GetObject without aws:SourceIp": 2, "kms:Decrypt without aws:SourceIp": 3, "iam:GetRole without the resource": 1,
	}})
	want := []string{
		"whether policies let pass calls (5 of kms:Decrypt, s3:GetObject): nobody can tell without aws:SourceIp",
		"whether policies let pass calls (1 of iam:GetRole): nobody can tell without the resource",
	}
	if !slices.Equal(r.Omitted, want) {
		t.Errorf("%q, not %q", r.Omitted, want)
	}
}
