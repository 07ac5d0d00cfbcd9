//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// TestInspector starts an organization with Inspector in two regions, adds and takes away a scan, a region and an account, and turns it
// off and on again, in another account.
func TestInspector(t *testing.T) {
	begin(t)
	off := strings.Replace(unwatched, "regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", 1)
	watched := off + "  coldstart:security: { account: sec, inspector: { scans: [EC2, ECR] } }\n"
	w := newWorld(t, watched)
	w.plainProject()
	if out := w.ok(coldstart(), "up", "--yes"); strings.Contains(out, "again") {
		t.Errorf("the cold start took a second try:\n%s", out)
	}
	w.unchanged()
	w.undrifted()
	w.proved()
	for _, region := range []string{"eu-west-1", "eu-central-1"} {
		w.inspected(region, "EC2 ECR", "", "app", "sec")
	}

	// An account more. AWS makes it a member by itself, which plain Pulumi takes over.
	joined := strings.Replace(watched, "app: {}", "app: {}, lab: {}", 1)
	w.declare(joined)
	w.up("master", "app", "lab")
	w.ok("pulumi", "up", "--stack", "sec", "--yes", "--non-interactive")
	w.unchanged()

	// A region and scans more.
	more := strings.NewReplacer("eu-central-1]", "eu-central-1, eu-west-3]", "[EC2, ECR]", "[EC2, ECR, LAMBDA]").Replace(joined)
	w.declare(more)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	for _, region := range []string{"eu-west-1", "eu-central-1", "eu-west-3"} {
		w.inspected(region, "EC2 ECR LAMBDA", "", "app", "lab", "sec")
	}
	fewer := strings.Replace(more, "[EC2, ECR, LAMBDA]", "[ECR]", 1)
	w.declare(fewer)
	contains(t, w.ok(coldstart(), "preview"), "Scans of Inspector are turned off in these accounts, and AWS deletes their findings.")
	w.up()
	w.unchanged()
	w.proved()
	w.inspected("eu-west-3", "ECR", "", "app", "lab", "sec")

	// Another account can't take over at once.
	w.declare(strings.Replace(fewer, "account: sec", "account: app", 1))
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		t.Error("another account took over")
	}
	contains(t, out, `coldstart:security.account: "app" was "sec", which administers Inspector`)

	w.declare(strings.NewReplacer("eu-central-1]", "eu-central-1, eu-west-3]", "app: {}", "app: {}, lab: {}").Replace(off))
	contains(t, w.ok(coldstart(), "preview"), "Inspector doesn't scan these accounts any more, and AWS deletes its findings.",
		"Nobody administers Inspector for the organization any more.")
	w.up()
	w.unchanged()
	w.proved()
	w.inspected("eu-west-1", "", "", "app", "lab", "sec")

	// Another account takes over, but not while somebody has made a third one the administrator.
	w.declare(strings.Replace(fewer, "account: sec", "account: app", 1))
	lab := w.accounts()["aws+lab@watch.example"].Id
	_, err = w.inspector("", "eu-west-1").EnableDelegatedAdminAccount(context.Background(), &inspector2.EnableDelegatedAdminAccountInput{DelegatedAdminAccountId: lab})
	must(t, err)
	out, err = w.run(coldstart(), "preview")
	if err == nil {
		t.Error("Inspector gets a second administrator")
	}
	contains(t, out, "account master has account lab ("+aws.ToString(lab)+") as Inspector's administrator in eu-west-1, and the file has app",
		"`aws inspector2 disable-delegated-admin-account --delegated-admin-account-id "+aws.ToString(lab)+" --region eu-west-1`")
	_, err = w.inspector("", "eu-west-1").DisableDelegatedAdminAccount(context.Background(), &inspector2.DisableDelegatedAdminAccountInput{DelegatedAdminAccountId: lab})
	must(t, err)

	// A delegation that is the declared one is taken over.
	app := w.accounts()["aws+app@watch.example"].Id
	_, err = w.inspector("", "eu-west-1").EnableDelegatedAdminAccount(context.Background(), &inspector2.EnableDelegatedAdminAccountInput{DelegatedAdminAccountId: app})
	must(t, err)
	w.up()
	w.unchanged()
	w.proved()
	w.inspected("eu-central-1", "ECR", "", "app", "lab", "sec")

	// AWS takes a closed account's membership away.
	_, err = w.organizations().CloseAccount(context.Background(), &organizations.CloseAccountInput{AccountId: lab})
	must(t, err)
	w.ok("pulumi", "up", "--refresh", "--stack", "app", "--yes", "--non-interactive")
	w.ok("pulumi", "preview", "--refresh", "--stack", "app", "--expect-no-changes", "--non-interactive")
}

// inspected checks which scans accounts have in a region.
func (w *world) inspected(region, want string, names ...string) {
	w.t.Helper()
	for _, name := range names {
		out, err := w.inspector(name, region).BatchGetAccountStatus(context.Background(), &inspector2.BatchGetAccountStatusInput{})
		must(w.t, err)
		r := out.Accounts[0].ResourceState
		var found []string
		for scan, s := range map[string]*types.State{"EC2": r.Ec2, "ECR": r.Ecr, "LAMBDA": r.Lambda, "LAMBDA_CODE": r.LambdaCode} {
			if s.Status == types.StatusEnabled {
				found = append(found, scan)
			}
		}
		slices.Sort(found)
		if got := strings.Join(found, " "); got != want {
			w.t.Errorf("in %s, account %q has the scans %q, not %q", region, name, got, want)
		}
	}
}

// inspector returns a client in an account; in the management account if name is empty.
func (w *world) inspector(name, region string) *inspector2.Client {
	w.t.Helper()
	return inspector2.NewFromConfig(w.watched(name, region))
}
