//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/rehearsal"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// small is a declaration that differs in most points from the shipped one.
const small = `
config:
  coldstart:namespace: z9
  coldstart:domain: cloud.north-wind.example.co.uk
  coldstart:region: eu-north-1
  coldstart:email: Cloud.Ops+nw_%s@north-wind.example.co.uk
  coldstart:units:
    Foundation: {}
    Product Teams: { tags: { owner: "platform@example" } }
    blue: { parent: Product Teams }
  coldstart:tags: { cost-centre: "4711" }
  coldstart:accounts:
    logs: { unit: Foundation, network: 10.0.0.0/20 }
    blue-prod: { unit: blue, network: 10.0.16.0/20, tags: { tier: "1" } }
    9lives: { email: cats@north-wind.example.co.uk }
  coldstart:audit: { account: logs, retentionDays: 30, lockDays: 7 }
`

// TestRehearsal rehearses the shipped organization, as `make rehearse` does. This is
// coldstart's main job.
func TestRehearsal(t *testing.T) {
	begin(t)
	shipped, err := os.ReadFile("../Pulumi.master.yaml")
	must(t, err)
	w := newWorld(t, string(shipped))
	out := w.ok(coldstart(), "rehearse")
	contains(t, out, "The rehearsal went well", "10 accounts")
	content, err := os.ReadFile(filepath.Join(w.dir, rehearsal.Dir, rehearsal.ReportFile))
	must(t, err)
	var report rehearsal.Report
	must(t, json.Unmarshal(content, &report))
	switch {
	case !report.OK, report.SecondUpChanges != 0, len(report.Problems) != 0:
		t.Errorf("the report isn't good: %+v", report)
	case report.Accounts != 10, len(report.Stacks) != 10, report.Resources < 140, len(report.Proofs) < 100:
		t.Errorf("the report is of something else: %d accounts, %d stacks, %d resources, %d proofs",
			report.Accounts, len(report.Stacks), report.Resources, len(report.Proofs))
	}
	if omitted := strings.Join(report.Omitted, "\n"); strings.Contains(omitted, "nobody can tell") {
		t.Errorf("a decision about one of coldstart's own calls is open:\n%s", omitted)
	}
	t.Logf("preview %.1f s, up %.1f s, second up %.1f s, %.2f GiB", report.Seconds.Preview, report.Seconds.Up,
		report.Seconds.SecondUp, float64(report.PeakMemoryBytes)/(1<<30))
}

// TestLife is a year of an organization: a cold start, a refresh, one more account, and one
// less.
func TestLife(t *testing.T) {
	begin(t)
	w := newWorld(t, small)
	preview, err := w.automation().Preview(context.Background())
	must(t, err)
	must(t, preview.Err())
	if stacks := w.ok("pulumi", "stack", "ls"); strings.Contains(stacks, "master") {
		t.Errorf("the preview made stacks in the backend:\n%s", stacks)
	}
	created := w.up().Changes()
	if got, want := created.Total(), preview.Changes().Total(); got != want {
		t.Errorf("up made %d resources, the preview said %d", got, want)
	}
	w.proved()
	w.unchanged()

	w.undrifted()
	w.unchanged()

	before := w.accounts()
	w.declare(strings.Replace(small, "    9lives:", "    0new: {network: 10.0.32.0/20}\n    9lives:", 1))
	w.up()
	w.proved()
	after := w.accounts()
	if len(after) != len(before)+1 {
		t.Errorf("%d accounts became %d", len(before), len(after))
	}
	for email, a := range before {
		if aws.ToString(after[email].Id) != aws.ToString(a.Id) {
			t.Errorf("%s was %s and is %s", email, aws.ToString(a.Id), aws.ToString(after[email].Id))
		}
	}

	result, err := func() (*automation.Result, error) {
		w.declare(small)
		return w.automation().Up(context.Background())
	}()
	must(t, err)
	if result.Err() == nil {
		t.Fatal("an account could be taken out of the file")
	}
	contains(t, result.Err().Error(), "coldstart:accounts.0new", "closeOnDelete: true", "keepOnDelete: true", "coldstart destroy 0new")
	if got := len(w.accounts()); got != len(after) {
		t.Errorf("%d accounts became %d", len(after), got)
	}
	w.takeOut("keepOnDelete", accountstate.Active)
	// The account still exists, so declaring it again adopts it.
	w.takeOut("closeOnDelete", accountstate.Closed)
}

// takeOut declares the account 0new with a key that lets it be removed from the file. Then it
// removes the account, and checks the account's state in AWS.
func (w *world) takeOut(key string, want accountstate.State) {
	w.t.Helper()
	w.declare(strings.Replace(small, "    9lives:", "    0new: {network: 10.0.32.0/20, "+key+": true}\n    9lives:", 1))
	w.up("master")
	w.declare(small)
	w.up("master")
	const email = "cloud.ops+nw_0new@north-wind.example.co.uk"
	account, ok := w.accounts()[email]
	if got := accountstate.Of(account); !ok || got != want {
		w.t.Errorf("%s: the account is %q, not %s", key, got, want)
	}
	w.unchanged()
}

// TestAdoption adopts an organization with accounts in another unit than declared, a trusted
// service of somebody else, and two units with one name.
func TestAdoption(t *testing.T) {
	begin(t)
	w := newWorld(t, "")
	ctx, client := context.Background(), w.organizations()
	_, err := client.CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll})
	must(t, err)
	_, err = client.EnableAWSServiceAccess(ctx, &organizations.EnableAWSServiceAccessInput{ServicePrincipal: aws.String("sso.amazonaws.com")})
	must(t, err)
	roots, err := client.ListRoots(ctx, &organizations.ListRootsInput{})
	must(t, err)
	for parent := roots.Roots[0].Id; len(w.units()) < 2; {
		unit, err := client.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: parent, Name: aws.String("R&D (Équipe)")})
		must(t, err)
		parent = unit.OrganizationalUnit.Id
	}
	byID, byEmail := w.account("Log Archive", "old.logs@example.net"), w.account("Production", "AWS+app@example.net")
	w.declare(`
config:
  coldstart:namespace: old
  coldstart:domain: example.net
  coldstart:region: us-east-1
  coldstart:email: aws+%s@example.net
  coldstart:units: {core: {name: R&D (Équipe)}, deep: {name: R&D (Équipe), parent: core}}
  coldstart:accounts:
    audit: {unit: core, email: old.logs@example.net, id: "` + byID + `"}
    app: {unit: deep}
`)
	var calls order
	o := limits.Refusals()
	o.OnCall = calls.note
	w.limited(o)
	changes := w.up().Changes()
	calls.check(t, "organizations:EnableAWSServiceAccess", "cloudtrail:CreateTrail")
	if changes["import"] != 5 {
		t.Errorf("adopted %d resources, not the organization, two units and two accounts: %s", changes["import"], changes)
	}
	w.unchanged()
	w.proved()
	accounts := w.accounts()
	if len(accounts) != 3 {
		t.Errorf("there are %d accounts, not the management account and the two that were there", len(accounts))
	}
	if got := aws.ToString(accounts["aws+app@example.net"].Id); got != byEmail {
		t.Errorf("app is %s, not %s", got, byEmail)
	}
	services, err := client.ListAWSServiceAccessForOrganization(ctx, &organizations.ListAWSServiceAccessForOrganizationInput{})
	must(t, err)
	var trusted []string
	for _, s := range services.EnabledServicePrincipals {
		trusted = append(trusted, aws.ToString(s.ServicePrincipal))
	}
	slices.Sort(trusted)
	// The last service is trusted by somebody else.
	if want := slices.Sorted(slices.Values(append(w.organization().TrustedServices(), "sso.amazonaws.com"))); !slices.Equal(want, trusted) {
		t.Errorf("trusted services: %v, not %v", trusted, want)
	}
}

// TestTrailInEachAccount has a trail in each account, and one account more than AWS creates at
// a time.
func TestTrailInEachAccount(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: many
  coldstart:domain: many.example
  coldstart:region: ap-southeast-2
  coldstart:email: "%s@many.example"
  coldstart:accounts: {audit: {}, a: {}, b: {}, c: {}, d: {}, e: {}}
  coldstart:audit: {trail: account}
  coldstart:dns: {local: false}
`)
	w.up()
	w.unchanged()
	w.proved()
}

// modes declares an organization with a mode of trails, and with an administrator of a service
// that can have only one.
const modes = `
config:
  coldstart:namespace: modes
  coldstart:domain: modes.example
  coldstart:region: eu-west-1
  coldstart:email: "%%s@modes.example"
  coldstart:accounts: {audit: {}, app: {}}
  coldstart:guardrails: {regions: [eu-west-1]}
  coldstart:audit: {trail: %s}
  coldstart:organization: {delegatedAdministrators: {sso.amazonaws.com: %s}}
  coldstart:dns: {local: false}
`

// TestTakingOver changes the mode of trails, without a moment without a trail, and the
// administrator of a service that can have only one.
func TestTakingOver(t *testing.T) {
	begin(t)
	w := newWorld(t, fmt.Sprintf(modes, "account", "audit"))
	w.up()
	w.declare(fmt.Sprintf(modes, "organization", "audit"))
	for _, command := range [][]string{{"preview"}, {"up", "--yes"}} {
		out, err := w.run(coldstart(), command...)
		if err == nil {
			t.Errorf("%s let one mode take over from the other at once", command)
		}
		contains(t, out, `coldstart:audit.trail: "organization" was "account"`, "write both, run `coldstart up`")
	}
	w.declare(fmt.Sprintf(modes, "account", "audit"))
	w.unchanged()
	for i, mode := range []string{"both", "organization", "both", "account"} {
		w.declare(fmt.Sprintf(modes, mode, []string{"app", "audit"}[i%2]))
		w.up()
		w.unchanged()
		w.proved()
	}
}

// TestOneAccountWithoutAudit brings up the smallest organization, without an archive.
func TestOneAccountWithoutAudit(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: a
  coldstart:domain: a.io
  coldstart:region: us-east-1
  coldstart:email: a%s@a.io
  coldstart:accounts: {b: {protect: true}}
  coldstart:audit: none
`)
	w.up()
	w.unchanged()
	w.proved()
}
