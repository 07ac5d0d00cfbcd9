package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

const small = `config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:audit: none
  coldstart:network: {cidr: 10.0.0.0/15}
  coldstart:accounts: {dev: {network: 10.0.0.0/16}, lab: {}}
  coldstart:access:
    account: lab
    roles: {deploy: {statements: [{Effect: Allow, Action: "s3:*", Resource: "arn:aws:s3:::a_b|c/*"}], session: 2h, accounts: [dev]}}
    groups: {makers: {dev: [deploy, readonly]}}
  coldstart:users: {ada: {groups: [makers]}, bob: {groups: [master-readonly]}}
`

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

func TestNetwork(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	code, out, _ := run("network", "-C", dir)
	want := `ACCOUNT      NETWORK      ADDRESSES
(all)        10.0.0.0/15  131072
dev          10.0.0.0/16  65536
lab          none         
(next free)  10.1.0.0/16  
`
	if diff := cmp.Diff(want, out); diff != "" || code != exitDone {
		t.Errorf("exit code %d (-want +got)\n%s", code, diff)
	}
	_, out, _ = run("network", "-C", dir, "--json")
	var plan organization.NetworkPlan
	if err := json.Unmarshal([]byte(out), &plan); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(organization.NetworkPlan{CIDR: "10.0.0.0/15", Accounts: map[string]string{"dev": "10.0.0.0/16"}, Next: "10.1.0.0/16"}, plan); diff != "" {
		t.Error(diff)
	}
}

func TestGraph(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	for format, want := range map[string]string{
		"mermaid": "flowchart LR\n",
		"svg":     `<svg xmlns="http://www.w3.org/2000/svg" `,
		"dot":     "digraph organization {\n",
	} {
		code, out, errs := run("graph", "-C", dir, "--format", format)
		if code != exitDone || errs != "" || !strings.HasPrefix(out, want) || !strings.Contains(out, "lab.acme.example") {
			t.Errorf("%s: exit code %d, %q, %q", format, code, out, errs)
		}
	}
	if _, out, _ := run("graph", "-C", dir); !strings.HasPrefix(out, "flowchart LR\n") {
		t.Errorf("without --format: %q", out)
	}
	for _, format := range []string{"png", "SVG", ""} {
		code, out, errs := run("graph", "-C", dir, "--format", format)
		if code != exitUsage || out != "" || !strings.Contains(errs, fmt.Sprintf("--format %q: write mermaid, svg or dot", format)) {
			t.Errorf("%s: exit code %d, %q, %q", format, code, out, errs)
		}
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	org, err := organization.Parse("f", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	master := &stackref.Master{
		Account:  stackref.Account{AccountID: "111111111111"},
		Accounts: map[string]stackref.Member{"dev": {ID: "222222222222"}, "lab": {ID: "333333333333"}},
	}
	const program = "/opt/cold start/coldstart"
	var out bytes.Buffer
	if err := writeProfiles(&out, org, master, "ada", "", program); err != nil {
		t.Fatal(err)
	}
	want := `# Your own access key is in this profile: aws configure --profile acme
[profile acme]
region = us-west-2

# The same user, after an MFA code: coldstart login --profile acme-mfa
[profile acme-mfa]
region = us-west-2
credential_process = '/opt/cold start/coldstart' credentials --profile 'acme' --mfa-device arn:aws:iam::333333333333:mfa/ada

[profile acme-dev-deploy]
region = us-west-2
source_profile = acme-mfa
role_arn = arn:aws:iam::222222222222:role/acme-dev-deploy
duration_seconds = 7200

[profile acme-dev-readonly]
region = us-west-2
source_profile = acme-mfa
role_arn = arn:aws:iam::222222222222:role/acme-dev-readonly
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	out.Reset()
	if err := writeProfiles(&out, org, master, "", "keys", program); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.Count(text, "role_arn") != 7 || !strings.Contains(text, "source_profile = keys-mfa\n") || !strings.Contains(text, "mfa/"+anyUser) ||
		!strings.Contains(text, "arn:aws:iam::111111111111:role/acme-master-admin") {
		t.Errorf("profiles of everybody:\n%s", text)
	}
	org.Access.MFAMaxAge = 90 * time.Minute
	out.Reset()
	if err := writeProfiles(&out, org, master, "ada", "", program); err != nil || !strings.Contains(out.String(), "mfa/ada --max-age 1h30m0s\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
	for _, bad := range []string{"/it's/coldstart", "/a #1/coldstart", "/a\t;/coldstart", "/a\nb"} {
		if err := writeProfiles(&out, org, master, "ada", "", bad); err == nil || !strings.Contains(err.Error(), "a profile can't name") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	delete(master.Accounts, "dev")
	if err := writeProfiles(&out, org, master, "ada", "", program); err == nil || !strings.Contains(err.Error(), "account dev isn't in stack master yet") {
		t.Errorf("got %v", err)
	}
}

func TestProfilesOfNobody(t *testing.T) {
	t.Parallel()
	code, _, errs := run("aws-config", "-C", declared(t, small), "--user", "eve")
	if code != exitUsage || !strings.Contains(errs, `no user "eve"; coldstart:users has ["ada" "bob"]`) {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	writeSummary(&out, &automation.Result{Operation: automation.OperationUp, Duration: time.Second, Warnings: []string{"look after this"}})
	if !strings.Contains(out.String(), "\nWarning: look after this\n") {
		t.Errorf("got %q", out.String())
	}
}
