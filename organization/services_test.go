package organization_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTrustedServices(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"coldstart:accounts: {dev: {}}": {"access-analyzer.amazonaws.com"},
		"coldstart:audit: {}\ncoldstart:accounts: {audit: {}}": {
			"access-analyzer.amazonaws.com", "cloudtrail.amazonaws.com",
		},
		"coldstart:organization: {trustedServices: [sso.amazonaws.com], delegatedAdministrators: {ram.amazonaws.com: dev}}\ncoldstart:accounts: {dev: {}}": {
			"access-analyzer.amazonaws.com", "ram.amazonaws.com", "sso.amazonaws.com",
		},
	} {
		if diff := cmp.Diff(want, parse(t, file(text)).TrustedServices()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}
