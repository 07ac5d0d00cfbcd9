//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkColdStart measures organizations from nothing to a second up that
// changes nothing, in seconds. Half of it and more is the provider's waiting for
// Route 53, at random between 10 and 30 seconds a change.
func BenchmarkColdStart(b *testing.B) {
	for _, accounts := range []int{1, 9, 20} {
		b.Run(fmt.Sprintf("accounts=%d", accounts), func(b *testing.B) {
			for range b.N {
				coldStart(b, accounts)
			}
		})
	}
}

// coldStart brings up an organization with as many member accounts.
func coldStart(b *testing.B, accounts int) {
	var members strings.Builder
	for i := range accounts {
		name := fmt.Sprintf("member-%02d", i)
		if i == 0 {
			name = "audit"
		}
		fmt.Fprintf(&members, "    %s: {unit: all}\n", name)
	}
	w := newWorld(b, fmt.Sprintf(`
config:
  coldstart:namespace: bench
  coldstart:domain: bench.example
  coldstart:region: us-west-2
  coldstart:email: bench+%%s@bench.example
  coldstart:units: {all: {}}
  coldstart:accounts:
%s`, members.String()))
	ctx, a := context.Background(), w.automation()
	preview, err := a.Preview(ctx)
	must(b, err)
	first, err := a.Up(ctx)
	must(b, err)
	must(b, first.Err())
	second, err := a.Up(ctx)
	must(b, err)
	must(b, second.Err())
	b.ReportMetric(preview.Duration.Seconds(), "s/preview")
	b.ReportMetric(first.Duration.Seconds(), "s/up")
	b.ReportMetric(second.Duration.Seconds(), "s/second-up")
	b.ReportMetric(float64(first.Changes().Total()), "resources")
}
