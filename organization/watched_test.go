package organization_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestWatchedStates has access to every account's state recorded, by selectors that another account doesn't change.
func TestWatchedStates(t *testing.T) {
	t.Parallel()
	const bucket, master, audit = "arn:aws:s3:::acme-", "arn:aws:s3:::acme-master-state-", "arn:aws:s3:::acme-audit-state-"
	org := organization.Defaults()
	org.Namespace, org.Accounts = "acme", map[string]organization.Account{"audit": {}}
	for _, c := range []struct {
		trail         organization.TrailMode
		account, want string
	}{
		{organization.TrailOrganization, "master", bucket},
		{organization.TrailBoth, "master", bucket},
		{organization.TrailBoth, "audit", audit},
		{organization.TrailAccount, "master", master},
		{organization.TrailAccount, "audit", audit},
	} {
		org.Audit.Trail, org.Audit.RecordStates = c.trail, false
		if got, except := org.WatchedStates(c.account); got != "" || except != nil {
			t.Errorf("%s, %s: without recordStates, %s except %s", c.trail, c.account, got, except)
		}
		org.Audit.RecordStates = true
		var written []string
		if c.want == bucket { // What AWS writes to all the time.
			written = []string{bucket + "audit-trails-", bucket + "audit-config-", bucket + "audit-guardduty-", bucket + "audit-macie-"}
		}
		got, except := org.WatchedStates(c.account)
		if diff := cmp.Diff(written, except); got != c.want || diff != "" {
			t.Errorf("%s, %s: %s, not %s, except (-want +got)\n%s", c.trail, c.account, got, c.want, diff)
		}
		org.Accounts["shop"] = organization.Account{}
		if after, but := org.WatchedStates(c.account); after != got || !cmp.Equal(but, except) {
			t.Errorf("%s, %s: another account changes what is recorded to %s except %s", c.trail, c.account, after, but)
		}
		delete(org.Accounts, "shop")
	}
}
