package organization_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// TestWatchedStates has access to every account's state recorded by one trail.
func TestWatchedStates(t *testing.T) {
	t.Parallel()
	const master, audit = "arn:aws:s3:::acme-master-state-", "arn:aws:s3:::acme-audit-state-"
	org := organization.Defaults()
	org.Namespace, org.Accounts = "acme", map[string]organization.Account{"audit": {}}
	for _, c := range []struct {
		trail   organization.TrailMode
		account string
		want    []string
	}{
		{organization.TrailOrganization, "master", []string{master, audit}},
		{organization.TrailBoth, "master", []string{master, audit}},
		{organization.TrailBoth, "audit", nil},
		{organization.TrailAccount, "master", []string{master}},
		{organization.TrailAccount, "audit", []string{audit}},
	} {
		org.Audit.Trail = c.trail
		if diff := cmp.Diff(c.want, org.WatchedStates(c.account)); diff != "" {
			t.Errorf("%s, %s (-want +got)\n%s", c.trail, c.account, diff)
		}
	}
	org.Audit.Trail = organization.TrailOrganization
	for i := range 500 {
		org.Accounts[fmt.Sprintf("a%d", i)] = organization.Account{}
	}
	if diff := cmp.Diff([]string{"arn:aws:s3:::acme-"}, org.WatchedStates("master")); diff != "" {
		t.Errorf("of 500 accounts (-want +got)\n%s", diff)
	}
}
