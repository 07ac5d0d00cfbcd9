package organization_test

import (
	"slices"
	"strings"
	"testing"
)

// TestStacksOfRecordedAccounts: recorders write to a bucket of the archive's account, so that account's stack comes before. Standards of
// Security Hub take recorders, so the stack that has them comes last.
func TestStacksOfRecordedAccounts(t *testing.T) {
	t.Parallel()
	for security, want := range map[string][]string{
		"{account: sec, securityHub: {standards: [pci-dss/v/4.0.1]}}":                {"master:", "audit: master", "sec: master", "zoo: master"},
		"{account: sec, config: none, securityHub: {standards: [pci-dss/v/4.0.1]}}":  {"master:", "audit: master", "sec: master", "zoo: master"},
		"{account: sec, config: daily, securityHub: {}}":                             {"master:", "audit: master", "sec: master audit", "zoo: master audit"},
		"{account: sec, config: daily, securityHub: {standards: [pci-dss/v/4.0.1]}}": {"master:", "audit: master", "zoo: master audit", "sec: master audit zoo"},
	} {
		org := parse(t, file("coldstart:accounts: {audit: {}, sec: {}, zoo: {}}\ncoldstart:audit: {account: audit}\ncoldstart:security: "+security))
		var got []string
		for _, s := range org.Stacks() {
			got = append(got, strings.TrimSpace(s.Name+": "+strings.Join(s.Before(), " ")))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", security, got, want)
		}
	}
}
