package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/organization"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	code, out, errs := run("access", "-C", dir)
	if code != exitDone || errs != "" {
		t.Fatalf("exit code %d, %q", code, errs)
	}
	lines := strings.Split(out, "\n")
	want := []string{"WHO", "BY", "ACCOUNT", "ROLE", "MAY", "IF"}
	if diff := cmp.Diff(want, strings.Fields(lines[0])); diff != "" {
		t.Error(diff)
	}
	want = []string{"ada", "group", "acme-makers", "dev", "acme-dev-deploy", "s3:*", "on", "arn:aws:s3:::a_b|c/*", "MFA"}
	if diff := cmp.Diff(want, strings.Fields(lines[1])); diff != "" {
		t.Error(diff)
	}
	_, out, _ = run("access", "-C", dir, "--markdown")
	if want := "| ada | group acme-makers | dev | acme-dev-deploy | s3:\\* on arn:aws:s3:::a\\_b\\|c/\\* | MFA |\n"; !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	_, out, _ = run("access", "-C", dir, "--json")
	var reach []organization.Reach
	if err := json.Unmarshal([]byte(out), &reach); err != nil || reach[0].Who != "ada" || len(reach) != 7 {
		t.Errorf("%v: %v", err, reach)
	}
	if code, _, errs := run("access", "-C", dir, "--json", "--markdown"); code != exitUsage || !strings.Contains(errs, "write one of them") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

// A base that was taken out of a repository has no templates of conformance packs beside it.
func TestAccessBaseWithConformancePacks(t *testing.T) {
	t.Parallel()
	const packed = "config: {coldstart:namespace: acme, coldstart:domain: acme.example, coldstart:region: eu-west-1, coldstart:email: aws+%s@acme.example, " +
		"coldstart:accounts: {audit: {}, sec: {}}, coldstart:security: {account: sec, config: daily, conformancePacks: {keys: {template: keys.yaml}}}}\n"
	base, dir := filepath.Join(declared(t, packed), "Pulumi.master.yaml"), declared(t, packed)
	if err := os.WriteFile(filepath.Join(dir, "keys.yaml"), []byte("Resources: {Keys: {Type: AWS::Config::ConfigRule}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run("access", "-C", dir, "--base", base); code != exitDone || errs != "" {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

func TestAccessBase(t *testing.T) {
	t.Parallel()
	base := filepath.Join(declared(t, small), "Pulumi.master.yaml")
	dir := declared(t, strings.NewReplacer(`Action: "s3:*"`, `Action: "s3:Get*"`, "bob: {groups: [master-readonly]}", "eve: {groups: [dev-admin]}").Replace(small))
	code, out, errs := run("access", "-C", dir, "--base", base)
	if code != exitDone || errs != "" {
		t.Fatalf("exit code %d, %q", code, errs)
	}
	golden.Check(t, "access-base.txt", out)
	_, out, _ = run("access", "-C", dir, "--base", base, "--markdown")
	if !strings.HasPrefix(out, "```diff\n+ eve") || !strings.HasSuffix(out, "```\n\n") {
		t.Errorf("got %q", out)
	}
	_, out, _ = run("access", "-C", dir, "--base", base, "--json")
	var diff organization.ReachDiff
	if err := json.Unmarshal([]byte(out), &diff); err != nil || len(diff.Added) != 1 || len(diff.Removed) != 1 || len(diff.Changed) != 1 {
		t.Errorf("%v: %+v", err, diff)
	}
	if code, _, errs := run("access", "-C", dir, "--base", "nowhere.yaml"); code != exitFailed || !strings.Contains(errs, "--base: open nowhere.yaml") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}
