//go:build e2e

package e2e

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"

	"github.com/coldstart-aws/coldstart/proof"
)

// keysPack is a conformance pack's template with a parameter, and bucketsPack one without.
const (
	keysPack = `
Parameters:
  MaxAge: {Type: String}
Resources:
  AccessKeysRotated:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: access-keys-rotated
      InputParameters: {maxAccessKeyAge: !Ref MaxAge}
      Source: {Owner: AWS, SourceIdentifier: ACCESS_KEYS_ROTATED}
`
	bucketsPack = `
Resources:
  BucketVersioning:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: s3-bucket-versioning-enabled
      Source: {Owner: AWS, SourceIdentifier: S3_BUCKET_VERSIONING_ENABLED}
`
)

// conforming is an organization with a conformance pack of AWS Config.
const conforming = `
config:
  coldstart:namespace: watch
  coldstart:domain: watch.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@watch.example
  coldstart:accounts: { audit: {}, sec: {}, app: {} }
  coldstart:guardrails: { regions: [eu-west-1] }
  coldstart:security:
    account: sec
    config: daily
    conformancePacks:
      keys: { template: packs/keys.yaml, parameters: { MaxAge: "90" }, exclude: [audit] }
`

// TestConformancePacks starts an organization with a conformance pack, which comes up at the first try. It adds a pack, an account and a
// region, changes a template, mends an account in which AWS Config was off, and takes the packs away.
func TestConformancePacks(t *testing.T) {
	begin(t)
	w := newWorld(t, conforming)
	w.pack("keys", keysPack)
	w.pack("buckets", bucketsPack)
	w.plainProject()
	if out := w.ok(coldstart(), "up", "--yes"); strings.Contains(out, "again") {
		t.Errorf("the cold start took a second try:\n%s", out)
	}
	w.unchanged()
	w.undrifted()
	w.proved()
	w.deployed("eu-west-1", "watch-keys", "", "app", "sec")

	more := strings.NewReplacer("[eu-west-1]", "[eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}",
		"exclude: [audit] }", "exclude: [audit, lab] }\n      buckets: { template: packs/buckets.yaml }").Replace(conforming)
	w.declare(more)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	for _, region := range []string{"eu-west-1", "eu-central-1"} {
		w.deployed(region, "watch-keys", "", "app", "sec")
		w.deployed(region, "watch-buckets", "", "app", "audit", "lab", "sec")
	}

	// While AWS Config is off in an account, AWS fails to deploy a pack there, and the update with it.
	recorder := &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}
	_, err := w.config("app", "eu-central-1").StopConfigurationRecorder(context.Background(), recorder)
	must(t, err)
	w.pack("keys", keysPack+strings.TrimPrefix(strings.Replace(bucketsPack, "BucketVersioning", "Versioning", 1), "\nResources:\n"))
	out, err := w.run(coldstart(), "up", "--yes", "sec")
	if err == nil {
		t.Error("a pack is deployed to an account in which AWS Config is off")
	}
	app := aws.ToString(w.accounts()["aws+app@watch.example"].Id)
	contains(t, out, "Account ID ("+app+"): NoAvailableConfigurationRecorder", "run `coldstart refresh` and `coldstart up`, which turn it on")
	w.refuted("the conformance pack in an account without a recorder", "account "+app+": UPDATE_FAILED NoAvailableConfigurationRecorder")
	w.ok(coldstart(), "refresh")
	w.up()
	w.unchanged()
	w.proved()

	// Somebody else's pack is found. An account in which a pack isn't is mended as the proof says.
	sec := w.config("sec", "eu-west-1")
	_, err = sec.PutOrganizationConformancePack(context.Background(), &configservice.PutOrganizationConformancePackInput{
		OrganizationConformancePackName: aws.String("theirs"), TemplateBody: aws.String(bucketsPack),
	})
	must(t, err)
	out, err = w.run(coldstart(), "drift")
	if exitCode(err) != 3 {
		t.Errorf("somebody else's pack is no drift: %v", err)
	}
	contains(t, out, "conformance pack theirs of the organization in eu-west-1",
		"`aws configservice delete-organization-conformance-pack --organization-conformance-pack-name theirs --region eu-west-1`")

	w.takesPacksAway(more)
}

// takesPacksAway finds that packs are taken away in two steps, and takes them.
func (w *world) takesPacksAway(declared string) {
	w.t.Helper()
	before, _, _ := strings.Cut(declared, "    conformancePacks:")
	w.declare(before)
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		w.t.Error("packs go without their administrator")
	}
	contains(w.t, out, "account sec has deployed buckets, keys, and couldn't delete them any more: write `conformancePacks: {}` with account: sec, run `coldstart up`")
	w.declare(before + "    conformancePacks: {}\n")
	contains(w.t, w.ok(coldstart(), "preview"), "Conformance packs are deleted in all accounts, with their rules and what the rules have found.")
	w.up()
	w.declare(before)
	w.up()
	w.unchanged()
	w.proved()
	packs, err := w.config("", "eu-west-1").DescribeOrganizationConformancePacks(context.Background(), &configservice.DescribeOrganizationConformancePacksInput{})
	must(w.t, err)
	if len(packs.OrganizationConformancePacks) > 0 {
		w.t.Errorf("packs are left: %+v", packs.OrganizationConformancePacks)
	}
}

// pack writes the template of a conformance pack.
func (w *world) pack(name, template string) {
	w.t.Helper()
	must(w.t, os.MkdirAll(filepath.Join(w.dir, "packs"), 0o700))
	must(w.t, os.WriteFile(filepath.Join(w.dir, "packs", name+".yaml"), []byte(template), 0o600))
}

// refuted checks that the proof says what is wrong.
func (w *world) refuted(what, problem string) {
	w.t.Helper()
	proofs, err := proof.Prove(context.Background(), w.organization(), proof.Options{Env: w.emulator.Env()})
	must(w.t, err)
	if !slices.ContainsFunc(proofs.Proofs, func(p proof.Proof) bool { return !p.Holds && strings.Contains(p.Problem(), problem) }) {
		w.t.Errorf("%s isn't found: %q", what, problem)
	}
}

// deployed checks that a pack is in these accounts and in no other. An empty name is the management account.
func (w *world) deployed(region, pack string, names ...string) {
	w.t.Helper()
	out, err := w.config("sec", region).GetOrganizationConformancePackDetailedStatus(context.Background(), &configservice.GetOrganizationConformancePackDetailedStatusInput{
		OrganizationConformancePackName: &pack,
	})
	must(w.t, err)
	found, want := map[string]bool{}, map[string]bool{}
	for _, s := range out.OrganizationConformancePackDetailedStatuses {
		found[aws.ToString(s.AccountId)] = strings.HasSuffix(string(s.Status), "_SUCCESSFUL")
	}
	for _, name := range names {
		id := "123456789012" // moto's
		if name != "" {
			id = aws.ToString(w.accounts()["aws+"+name+"@watch.example"].Id)
		}
		want[id] = true
	}
	if !maps.Equal(found, want) {
		w.t.Errorf("%s is in %v in %s, not in %v", pack, found, region, slices.Collect(maps.Keys(want)))
	}
}
