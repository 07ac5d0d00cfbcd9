//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
)

// before is the last commit whose organizations AWS would have refused in part, or
// that lacked what keeps them safe: a bucket key on the archive, denies that were
// missing, settings in one region only.
const before = "d7a18f3da5a8007bbde336bd4e5dbae0172e3c1f"

// TestUpgrade brings an organization that an earlier coldstart made to what this one
// declares: verify names what is wrong, one up brings it in line, and nothing that
// can't be made again is replaced.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	earlier := earlierColdstart(t)
	w := newWorld(t, `
config:
  coldstart:namespace: old
  coldstart:domain: old.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@old.example
  coldstart:units: {core: {}}
  coldstart:accounts: {audit: {unit: core}, app: {unit: core}}
  coldstart:guardrails: {regions: [eu-west-1, us-east-1]}
  coldstart:access: {account: app, github: {repository: old/infrastructure}}
  coldstart:users: {ada: {groups: [audit-admin]}}
`)
	// The earlier one knew no refusals.
	behind, bare := w.env, rehearsal.Environment(w.emulator.Bare(), w.dir)
	w.env = bare
	w.ok(earlier, "up", "--yes", "--dir", w.dir)
	w.env = behind

	org := w.organization()
	proofs, err := proof.Prove(context.Background(), w.emulator.Config(org.Region), org, proof.Options{})
	must(t, err)
	wrong := 0
	for _, p := range proofs.Proofs {
		if !p.Holds {
			wrong++
			t.Logf("made by the earlier version: %s", p.Problem())
		}
	}
	if wrong == 0 {
		t.Error("nothing is wrong with what the earlier version made")
	}

	before := w.accounts()
	result := w.up()
	for _, s := range result.Stacks {
		for _, step := range s.Steps {
			w.kept(s.Stack, step)
		}
	}
	w.proved()
	w.unchanged()
	w.undrifted()
	for email, a := range w.accounts() {
		if *a.Id != *before[email].Id {
			t.Errorf("%s was %s and is %s", email, *before[email].Id, *a.Id)
		}
	}
}

// irreplaceable are types whose resources hold something, or that others know by
// their ids or names.
var irreplaceable = map[string]bool{
	"aws:organizations/organization:Organization": true, "aws:organizations/account:Account": true,
	"aws:organizations/organizationalUnit:OrganizationalUnit": true,
	"aws:route53/zone:Zone":                                   true, "aws:route53/delegationSet:DelegationSet": true,
	"aws:s3/bucketV2:BucketV2": true, "aws:kms/key:Key": true, "aws:cloudtrail/trail:Trail": true,
	"aws:iam/role:Role": true, "aws:iam/user:User": true, "aws:iam/group:Group": true,
}

// kept fails the test if a step loses what can't be made again.
func (w *world) kept(stack string, step automation.Step) {
	w.t.Helper()
	switch step.Operation {
	case "delete", "replace", "create-replacement", "delete-replaced":
		if irreplaceable[step.Type] {
			w.t.Errorf("%s: %s of %s %s", stack, step.Operation, step.Type, step.Name)
		}
	}
}

// earlierColdstart builds the coldstart of an earlier commit.
func earlierColdstart(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if exec.Command("git", "cat-file", "-e", before+"^{commit}").Run() != nil {
		t.Skipf("NOT TESTED: the upgrade from an earlier version, whose commit %s isn't in this clone: use one with its history", before)
	}
	archive := filepath.Join(dir, "source.tar")
	source := filepath.Join(dir, "source")
	must(t, os.Mkdir(source, 0o700))
	for _, cmd := range []*exec.Cmd{
		exec.Command("git", "-C", "..", "archive", "-o", archive, before),
		exec.Command("tar", "-xf", archive, "-C", source),
		exec.Command("go", "build", "-C", source, "-o", filepath.Join(dir, "coldstart"), "./cmd/coldstart"),
	} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	return filepath.Join(dir, "coldstart")
}
