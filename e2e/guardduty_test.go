//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// unwatched is an organization without GuardDuty.
const unwatched = `
config:
  coldstart:namespace: watch
  coldstart:domain: watch.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@watch.example
  coldstart:accounts: { sec: {}, app: {} }
  coldstart:audit: none
  coldstart:guardrails: { regions: [eu-west-1] }
`

// TestGuardDuty turns GuardDuty on in an organization that exists, adds a region, an account and features, and turns it off and on
// again. A detector that somebody has made is taken over.
func TestGuardDuty(t *testing.T) {
	begin(t)
	w := newWorld(t, unwatched)
	w.up()
	byHand, err := w.guardDuty("", "eu-west-1").CreateDetector(context.Background(), &guardduty.CreateDetectorInput{Enable: aws.Bool(true)})
	must(t, err)
	_, err = w.guardDuty("sec", "eu-west-1").CreateDetector(context.Background(), &guardduty.CreateDetectorInput{Enable: aws.Bool(true)})
	must(t, err)

	guarded := unwatched + "  coldstart:security: { account: sec, guardDuty: {} }\n"
	w.declare(guarded)
	contains(t, w.ok(coldstart(), "preview"), "account sec has GuardDuty in eu-west-1: coldstart takes its detector over, with its findings",
		"account master has GuardDuty in eu-west-1: coldstart takes its detector over, with its findings")
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	master := w.detectors("", "eu-west-1")
	if len(master) != 1 || master[0] != aws.ToString(byHand.DetectorId) {
		t.Errorf("the management account has the detectors %s, and somebody had made %s", master, aws.ToString(byHand.DetectorId))
	}
	disable := &organizations.DisableAWSServiceAccessInput{ServicePrincipal: aws.String("guardduty.amazonaws.com")}
	if _, err := w.organizations().DisableAWSServiceAccess(context.Background(), disable); err == nil {
		t.Error("the organization stopped trusting a service that has an administrator")
	} else {
		contains(t, err.Error(), "You must first deregister the delegated administrators of this service.")
	}

	// A region, an account and features more.
	more := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}",
		"guardDuty: {}", "guardDuty: { features: [S3_DATA_EVENTS, EBS_MALWARE_PROTECTION] }").Replace(guarded)
	w.declare(more)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()

	// Another account can't take over at once.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		t.Error("another account took over")
	}
	contains(t, out, `coldstart:security.account: "app" was "sec", which administers GuardDuty`)

	off := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}").Replace(unwatched)
	w.declare(off)
	contains(t, w.ok(coldstart(), "preview"), "It stays on in each member, and goes on costing", "Detectors are deleted, with their findings.")
	w.up()
	w.proved()
	if left := append(w.detectors("", "eu-west-1"), w.detectors("sec", "eu-central-1")...); len(left) > 0 {
		t.Errorf("detectors are left: %s", left)
	}
	kept := w.detectors("app", "eu-west-1")
	if len(kept) != 1 {
		t.Fatalf("the member has the detectors %s", kept)
	}
	w.unchanged()
	out, code := w.exits(coldstart(), "drift")
	if code != 3 {
		t.Errorf("drift ends with %d", code)
	}
	contains(t, out, "Not declared:", "app: GuardDuty is on in eu-west-1", "`aws guardduty delete-detector --detector-id "+kept[0]+" --region eu-west-1` there")

	// Another account takes over, with the detectors that are there, but not while somebody has made a third one the administrator.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	lab := w.accounts()["aws+lab@watch.example"].Id
	_, err = w.guardDuty("", "eu-west-1").EnableOrganizationAdminAccount(context.Background(), &guardduty.EnableOrganizationAdminAccountInput{AdminAccountId: lab})
	must(t, err)
	out, err = w.run(coldstart(), "preview")
	if err == nil {
		t.Error("GuardDuty gets a second administrator")
	}
	contains(t, out, "account master has account lab ("+aws.ToString(lab)+") as GuardDuty's administrator in eu-west-1, and the file has app",
		"`aws guardduty disable-organization-admin-account --admin-account-id "+aws.ToString(lab)+" --region eu-west-1`")
	_, err = w.guardDuty("", "eu-west-1").DisableOrganizationAdminAccount(context.Background(), &guardduty.DisableOrganizationAdminAccountInput{AdminAccountId: lab})
	must(t, err)
	w.up()
	w.unchanged()
	w.proved()
}

// detectors returns the ids of an account's detectors in a region; of the management account if name is empty.
func (w *world) detectors(name, region string) []string {
	w.t.Helper()
	out, err := w.guardDuty(name, region).ListDetectors(context.Background(), &guardduty.ListDetectorsInput{})
	must(w.t, err)
	return out.DetectorIds
}

// guardDuty returns a client in an account; in the management account if name is empty.
func (w *world) guardDuty(name, region string) *guardduty.Client {
	w.t.Helper()
	return guardduty.NewFromConfig(w.watched(name, region))
}

// watched returns a configuration for an account and a region; for the management account if name is empty.
func (w *world) watched(name, region string) aws.Config {
	w.t.Helper()
	if name == "" {
		return w.emulator.Config(region)
	}
	cfg := w.in(aws.ToString(w.accounts()[w.organization().AccountEmail(name)].Id))
	cfg.Region = region
	return cfg
}
