//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
)

// TestSecurityHub turns Security Hub on in an organization that exists, where the administrator has it already, adds a region and an
// account, turns it off, and on again in another account.
func TestSecurityHub(t *testing.T) {
	begin(t)
	w := newWorld(t, unwatched)
	w.up()
	_, err := w.securityHub("sec", "eu-west-1").EnableSecurityHub(context.Background(), &securityhub.EnableSecurityHubInput{EnableDefaultStandards: aws.Bool(false)})
	must(t, err)

	watched := unwatched + "  coldstart:security: { account: sec, securityHub: {} }\n"
	w.declare(watched)
	contains(t, w.ok(coldstart(), "preview"), "account sec has Security Hub in eu-west-1: coldstart takes it over, with its findings")
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.hubs("eu-west-1", "", "app", "sec")
	w.hubs("eu-central-1")

	more := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}").Replace(watched)
	w.declare(more)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	for _, region := range []string{"eu-west-1", "eu-central-1"} {
		w.hubs(region, "", "app", "lab", "sec")
	}

	// Another account can't take over at once.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		t.Error("another account took over")
	}
	contains(t, out, `coldstart:security.account: "app" was "sec", which administers Security Hub`)

	off := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}").Replace(unwatched)
	w.declare(off)
	contains(t, w.ok(coldstart(), "preview"), "Nobody administers Security Hub for the organization any more. It stays on in each account, and goes on costing")
	w.up()
	w.proved()
	w.unchanged()
	w.hubs("eu-west-1", "", "app", "lab", "sec")

	// AWS keeps the administrator in the linked region.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	out, err = w.run(coldstart(), "preview")
	if err == nil {
		t.Error("Security Hub gets a second administrator")
	}
	sec := aws.ToString(w.accounts()["aws+sec@watch.example"].Id)
	contains(t, out, "account master has account sec ("+sec+") as Security Hub's administrator in eu-central-1, and the file has app",
		"`aws securityhub disable-organization-admin-account --admin-account-id "+sec+" --region eu-central-1`")
	_, err = w.securityHub("", "eu-central-1").DisableOrganizationAdminAccount(context.Background(), &securityhub.DisableOrganizationAdminAccountInput{AdminAccountId: &sec})
	must(t, err)
	w.up()
	w.unchanged()
	w.proved()
}

// hubs checks which accounts have Security Hub in a region.
func (w *world) hubs(region string, want ...string) {
	w.t.Helper()
	accounts := w.accounts()
	var found []string
	for _, name := range []string{"", "app", "lab", "sec"} {
		if _, there := accounts["aws+"+name+"@watch.example"]; name != "" && !there {
			continue
		}
		if _, err := w.securityHub(name, region).DescribeHub(context.Background(), &securityhub.DescribeHubInput{}); err == nil {
			found = append(found, name)
		}
	}
	if !slices.Equal(found, want) {
		w.t.Errorf("in %s, Security Hub is on in %q, not in %q", region, found, want)
	}
}

// securityHub returns a client in an account; in the management account if name is empty.
func (w *world) securityHub(name, region string) *securityhub.Client {
	w.t.Helper()
	return securityhub.NewFromConfig(w.watched(name, region))
}
