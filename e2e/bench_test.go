//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/automation"
)

// BenchmarkColdStart measures, in seconds, organizations from nothing to a second up that
// changes nothing. At least half of the time, the provider waits for Route 53: for each change,
// a random time between 10 and 30 seconds.
func BenchmarkColdStart(b *testing.B) {
	for _, accounts := range benchmarked(b) {
		b.Run(fmt.Sprintf("accounts=%d", accounts), func(b *testing.B) {
			for range b.N {
				coldStart(b, accounts)
			}
		})
	}
}

// benchmarked returns the numbers of member accounts to measure: those in BENCH_ACCOUNTS, or
// the usual ones.
func benchmarked(b *testing.B) []int {
	declared := strings.Fields(os.Getenv("BENCH_ACCOUNTS"))
	if len(declared) == 0 {
		return []int{1, 9, 20}
	}
	var accounts []int
	for _, field := range declared {
		n, err := strconv.Atoi(field)
		must(b, err)
		accounts = append(accounts, n)
	}
	return accounts
}

// parallel returns how many stacks run at once: BENCH_PARALLEL, or 0 for the default.
func parallel(b *testing.B) int {
	declared := os.Getenv("BENCH_PARALLEL")
	if declared == "" {
		return 0
	}
	n, err := strconv.Atoi(declared)
	must(b, err)
	return n
}

// coldStart brings up an organization with the given number of member accounts.
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
	w.mortal()
	w.env["GOGC"] = "" // Users have Go's own setting.
	a, err := automation.New(w.organization(), automation.Options{
		Dir: w.dir, Env: w.env, SecretsProvider: w.secrets, Parallel: parallel(b),
	})
	must(b, err)
	ctx := context.Background()
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
