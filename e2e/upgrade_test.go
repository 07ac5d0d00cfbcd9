//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
)

// earlierCommit is the last commit with organizations that AWS would have refused in part, or
// that lacked a protection: it set an S3 Bucket Key on the archive, missed some denials, and
// had settings in one region only.
const earlierCommit = "d7a18f3da5a8007bbde336bd4e5dbae0172e3c1f"

// TestUpgrade brings up an organization with an earlier version, and then with this one. verify
// and doctor have to name what is wrong, and a preview the changes. One up has to correct
// everything, without replacing a resource that can't be created again.
func TestUpgrade(t *testing.T) {
	begin(t)
	earlier := earlierColdstart(t)
	w := newWorld(t, `
config:
  coldstart:namespace: old
  coldstart:domain: old.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@old.example
  coldstart:units: {core: {}}
  coldstart:accounts: {audit: {unit: core}}
  coldstart:guardrails: {regions: [eu-west-1, us-east-1]}
  coldstart:access: {account: audit, github: {repository: old/infrastructure}}
  coldstart:users: {ada: {groups: [audit-admin]}, bob: {}}
`)
	// The earlier version can't deal with AWS's refusals, so it works without them.
	behind, bare := w.env, rehearsal.Environment(w.emulator.Bare(), w.dir)
	w.env = bare
	w.ok(earlier, "up", "--yes", "--dir", w.dir)
	w.env = behind
	accounts, before := w.accounts(), w.ids()
	// AWS gives the access role of a new account this policy, and the emulator alone gives it none.
	inside := awsconfig.Assume(w.emulator.Bare().Config("eu-west-1"), organization.RoleARN(*accounts["aws+audit@old.example"].Id, organization.AccessRole), "emulator")
	_, err := iam.NewFromConfig(inside).AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{
		RoleName: aws.String(organization.AccessRole), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	must(t, err)

	w.namesWhatIsWrong()
	diagnosis, _ := w.run(coldstart(), "doctor") // The error may be that DNS can't be reached.
	contains(t, diagnosis, "guardrail of master", "state of master", "state of audit", "archive of audit", "an S3 Bucket Key, and its key doesn't let CloudTrail decrypt",
		"no statement denies everybody all but reading", "run `coldstart refresh audit`, then `coldstart up audit`")
	contains(t, w.ok(coldstart(), "preview"), "coldstart:audit.lockDays is 90: from now on nobody can delete a new log for 90 days",
		"rules[0].bucketKeyEnabled: true → false", `"Sid": "DenyChanges"`, "settings-us-east-1", "cloudtrail:StopLogging")

	for _, s := range w.up().Stacks {
		for _, step := range s.Steps {
			w.kept(s.Stack, step)
		}
	}
	w.proved()
	w.unchanged()
	contains(t, w.ok(coldstart(), "drift"), "Nothing has changed.")
	for email, a := range w.accounts() {
		if *a.Id != *accounts[email].Id {
			t.Errorf("%s was %s and is %s", email, *accounts[email].Id, *a.Id)
		}
	}
	after := w.ids()
	for urn, id := range before {
		if after[urn] != id {
			t.Errorf("%s was %s and is %q", urn, id, after[urn])
		}
	}
	if len(before) < 20 {
		t.Errorf("only %d resources were looked at", len(before))
	}
	w.movesZone("audit", after)
	w.proved()
	w.unchanged()
}

// movesZone moves an account's zone to another delegation set, as verify says to do with a zone
// that shares a name server with the apex zone. ids has the ids of resources by URN.
func (w *world) movesZone(account string, ids map[string]string) {
	w.t.Helper()
	ctx, org := context.Background(), w.organization()
	client := route53.NewFromConfig(w.entering(aws.ToString(w.accounts()[org.AccountEmail(account)].Id)))
	set, err := client.CreateReusableDelegationSet(ctx, &route53.CreateReusableDelegationSetInput{CallerReference: aws.String("by hand")})
	must(w.t, err)
	zone, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{
		CallerReference: aws.String("by hand"), Name: aws.String(org.ZoneName(account)), DelegationSetId: set.DelegationSet.Id,
	})
	must(w.t, err)
	old := func(end string) string {
		for urn, id := range ids {
			if strings.Contains(urn, ":"+account+"::") && strings.HasSuffix(urn, end) {
				return id
			}
		}
		w.t.Fatalf("stack %s has no %s", account, end)
		return ""
	}
	file := filepath.Join(w.dir, account+".json")
	w.ok("pulumi", "stack", "export", "--stack", account, "--file", file)
	state, err := os.ReadFile(file)
	must(w.t, err)
	moved := strings.NewReplacer(
		old("aws:route53/zone:Zone::zone"), strings.TrimPrefix(aws.ToString(zone.HostedZone.Id), "/hostedzone/"),
		old("aws:route53/delegationSet:DelegationSet::zone"), strings.TrimPrefix(aws.ToString(set.DelegationSet.Id), "/delegationset/"),
	).Replace(string(state))
	must(w.t, os.WriteFile(file, []byte(moved), 0o600))
	w.ok("pulumi", "stack", "import", "--stack", account, "--file", file)
	w.ok(coldstart(), "refresh", account)
	w.ok(coldstart(), "up", account, "--yes")
	_, err = client.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: aws.String(old("aws:route53/zone:Zone::zone"))})
	must(w.t, err)
}

// namesWhatIsWrong checks that verify names everything that the earlier version created in
// another way, and a remedy for each.
func (w *world) namesWhatIsWrong() {
	w.t.Helper()
	out, _ := w.command(coldstart(), "verify", "--json").Output() // The error is that proofs don't hold.
	var found proof.Proofs
	must(w.t, json.Unmarshal(out, &found))
	var problems []string
	remedy := regexp.MustCompile("^run `coldstart refresh ([a-z ]+)`, then `coldstart up ([a-z ]+)`")
	for _, p := range found.Proofs {
		if p.Holds {
			continue
		}
		w.t.Log(p.Problem())
		problems = append(problems, p.Problem())
		if said := remedy.FindStringSubmatch(p.Remedy); said == nil || said[1] != said[2] {
			w.t.Errorf("%s: the remedy is %q", p.Claim, p.Remedy)
		}
	}
	text := strings.Join(problems, "\n")
	for _, want := range []string{
		"audit: archive: .* S3 Bucket Key.* doesn't let CloudTrail decrypt.*`coldstart up audit`",
		"audit: archive: bucket lets nobody but coldstart change it.*`coldstart up audit`",
		"audit: archive: key lets nobody but coldstart.* change it.*`coldstart up audit`",
		"audit: archive: bucket locks logs for 90 days.*`coldstart up audit`",
		"master: guardrail: old-protect-audit .*`coldstart up master`",
		"master: guardrail: old-protect-access .*`coldstart up master`",
		"master: trail: .* records who reads or deletes logs.*`coldstart up audit`",
		"audit: settings: encrypts new volumes in us-east-1.*`coldstart up audit`",
		"audit: settings: .* IMDSv2 only in eu-west-1.*`coldstart up audit`",
		"audit: state: bucket has no S3 Bucket Key.*`coldstart up audit`",
		"master: state: bucket has no S3 Bucket Key.*`coldstart up master`",
		"audit: state: bucket has the account's facts.* was written with an S3 Bucket Key.*`coldstart up audit`",
		"audit: github: old-audit-plan may .*`coldstart up audit`",
		"audit: user: ada .*old-audit-self-service.*`coldstart up audit`",
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			w.t.Errorf("nothing is like %q", want)
		}
	}
}

// ids returns the ids in the state of resources that can't be created again, by URN.
func (w *world) ids() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob(filepath.Join(w.dir, "backend", ".pulumi", "stacks", "coldstart", "*.json"))
	must(w.t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(w.t, err)
		var stack struct {
			Checkpoint apitype.CheckpointV3 `json:"checkpoint"`
		}
		must(w.t, json.Unmarshal(content, &stack))
		for _, r := range stack.Checkpoint.Latest.Resources {
			if irreplaceable[string(r.Type)] {
				all[string(r.URN)] = string(r.ID)
			}
		}
	}
	return all
}

// irreplaceable are the types of resources that hold something, or that others know by their
// ids or names.
var irreplaceable = map[string]bool{
	"aws:organizations/organization:Organization": true, "aws:organizations/account:Account": true,
	"aws:organizations/organizationalUnit:OrganizationalUnit": true,
	"aws:route53/zone:Zone":                                   true, "aws:route53/delegationSet:DelegationSet": true,
	"aws:s3/bucketV2:BucketV2": true, "aws:kms/key:Key": true, "aws:cloudtrail/trail:Trail": true,
	"aws:iam/role:Role": true, "aws:iam/openIdConnectProvider:OpenIdConnectProvider": true, "aws:iam/user:User": true, "aws:iam/group:Group": true,
}

// kept fails the test if a step loses a resource that can't be created again.
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
	if err := exec.Command("git", "cat-file", "-e", earlierCommit+"^{commit}").Run(); err != nil {
		t.Skipf("NOT TESTED: the upgrade from an earlier version: git finds no commit %s here (%v): use a clone with the whole history", earlierCommit, err)
	}
	archive := filepath.Join(dir, "source.tar")
	source := filepath.Join(dir, "source")
	must(t, os.Mkdir(source, 0o700))
	for _, cmd := range []*exec.Cmd{
		exec.Command("git", "-C", "..", "archive", "-o", archive, earlierCommit),
		exec.Command("tar", "-xf", archive, "-C", source),
		exec.Command("go", "build", "-C", source, "-o", filepath.Join(dir, "coldstart"), "./cmd/coldstart"),
	} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("NOT TESTED: the upgrade from an earlier version, which can't be built here (git, tar and its Go modules are needed): %s: %v\n%s", cmd, err, out)
		}
	}
	return filepath.Join(dir, "coldstart")
}
