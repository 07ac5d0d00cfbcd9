//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/wellknown"
)

// TestDrift checks that changes by others are found and left alone, and that a workflow finds
// them with roles that can only read.
func TestDrift(t *testing.T) {
	begin(t)
	const declaration = `
config:
  coldstart:namespace: drift
  coldstart:domain: drift.example
  coldstart:region: eu-west-2
  coldstart:email: drift+%s@drift.example
  coldstart:accounts: {app: {}}
  coldstart:audit: none
  coldstart:access: {github: {repository: drift@12/drift@34}}
`
	w := newWorld(t, declaration)
	w.up()
	contains(t, w.ok(coldstart(), "drift"), "Nothing has changed.")
	w.movesState()
	w.outlivesSessions()

	tokens := gitHubTokens(t, "repo:drift@12/drift@34:pull_request")
	if out, err := w.run(coldstart(), "preview", "--plan-roles", "--expect-no-changes"); exitCode(err) != 1 || !strings.Contains(out, "id-token: write") {
		t.Errorf("outside a workflow: %v", err)
	}
	w.env["ACTIONS_ID_TOKEN_REQUEST_URL"], w.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = tokens, "requested"
	w.decryptsFactsOnly()
	w.plans()
	before := w.stateObjects()
	w.ok(coldstart(), "preview", "--plan-roles", "--expect-no-changes")
	// Nothing in an account that doesn't exist yet can have changed.
	w.declare(strings.Replace(declaration, "{app: {}}", "{app: {}, later: {}}", 1))
	contains(t, w.ok(coldstart(), "drift", "--plan-roles"), "Nothing has changed.")

	w.tamper()
	out, err := w.run(coldstart(), "drift", "--plan-roles")
	if exitCode(err) != 3 {
		t.Errorf("drift ended with %v", err)
	}
	contains(t, out, "iam.Role", "assumeRolePolicy.Statement[0].Principal.AWS", "shadow.drift.example is delegated to", "stranger@drift.example")
	w.shut()
	out, err = w.run(coldstart(), "drift", "--plan-roles", "--json")
	if exitCode(err) != 1 {
		t.Errorf("drift of an account that can't be entered ended with %v", err)
	}
	contains(t, out, `"strangers"`, `"omitted"`, "trails, services, default VPCs and users of app: ", "The role drift-app-plan lets in")
	// A plan role can't change AWS, and the state hasn't changed, either.
	if diff := cmp.Diff(before, w.stateObjects()); diff != "" {
		t.Errorf("something was written into the backend (-before +after)\n%s", diff)
	}
}

// plans takes away all credentials except those of a workflow: a session of the management
// account's plan role.
func (w *world) plans() {
	w.t.Helper()
	master, err := w.automation().Master(context.Background())
	must(w.t, err)
	session := w.planning(master.PlanRoleARN)
	w.env["AWS_ACCESS_KEY_ID"], w.env["AWS_SECRET_ACCESS_KEY"] = session.AccessKeyID, session.SecretAccessKey
}

// planning returns a session of a plan role, as the workflow of a pull request gets it.
func (w *world) planning(role string) aws.Credentials {
	w.t.Helper()
	out, err := sts.NewFromConfig(w.emulator.Config("eu-west-2")).AssumeRoleWithWebIdentity(context.Background(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("workflow"), WebIdentityToken: aws.String(gitHubToken("sts.amazonaws.com", "repo:drift@12/drift@34:pull_request")),
	})
	must(w.t, err)
	return aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}
}

// decryptsFactsOnly checks that a member's plan role can read the account's facts, and can't
// read a state of the account's own programs in the same bucket, which the same key encrypts.
func (w *world) decryptsFactsOnly() {
	w.t.Helper()
	ctx := context.Background()
	master, err := w.automation().Master(ctx)
	must(w.t, err)
	outputs, err := w.automation().Outputs(ctx, "app")
	must(w.t, err)
	bucket, team := outputs["app"]["stateBucket"].(string), aws.String(".pulumi/stacks/shop/dev.json")
	client := func(cfg aws.Config) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	}
	_, err = client(w.entering(master.Accounts["app"].ID)).PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: team, Body: strings.NewReader("{}")})
	must(w.t, err)
	cfg := w.emulator.Config("eu-west-2")
	session := w.planning(outputs["app"]["planRoleArn"].(string))
	cfg.Credentials = credentials.NewStaticCredentialsProvider(session.AccessKeyID, session.SecretAccessKey, session.SessionToken)
	_, err = client(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String(wellknown.FactsKey("app"))})
	must(w.t, err)
	if _, err = client(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: team}); err == nil || !strings.Contains(err.Error(), "kms:Decrypt") {
		w.t.Errorf("a plan role reads a team's state: %v", err)
	}
}

// stateObjects returns the ETags of all object versions in the management account's bucket, by
// key and version.
func (w *world) stateObjects() map[string]string {
	w.t.Helper()
	master, err := w.automation().Master(context.Background())
	must(w.t, err)
	client := s3.NewFromConfig(w.emulator.Config("eu-west-2"), func(o *s3.Options) { o.UsePathStyle = true })
	out, err := client.ListObjectVersions(context.Background(), &s3.ListObjectVersionsInput{Bucket: &master.StateBucket})
	must(w.t, err)
	objects := map[string]string{}
	for _, v := range out.Versions {
		objects[*v.Key+" "+aws.ToString(v.VersionId)] = aws.ToString(v.ETag)
	}
	if len(objects) == 0 {
		w.t.Error("there is no state in the bucket")
	}
	return objects
}

// shut changes the plan role of a member so that nobody can assume it.
func (w *world) shut() {
	w.t.Helper()
	master, err := w.automation().Master(context.Background())
	must(w.t, err)
	_, err = w.iam(master.Accounts["app"].ID).UpdateAssumeRolePolicy(context.Background(), &iam.UpdateAssumeRolePolicyInput{
		RoleName:       aws.String("drift-app-plan"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}]}`),
	})
	must(w.t, err)
}

// tamper changes AWS in ways that nobody should: a role's trust, a delegation, and a new
// account.
func (w *world) tamper() {
	w.t.Helper()
	ctx, cfg := context.Background(), w.emulator.Config("eu-west-2")
	master, err := w.automation().Master(ctx)
	must(w.t, err)
	_, err = w.iam(master.Accounts["app"].ID).UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName:       aws.String("drift-app-admin"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`),
	})
	must(w.t, err)
	_, err = route53.NewFromConfig(cfg).ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(master.ApexZoneID),
		ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{{Action: dnstypes.ChangeActionCreate, ResourceRecordSet: &dnstypes.ResourceRecordSet{
			Name: aws.String("shadow.drift.example"), Type: dnstypes.RRTypeNs, TTL: aws.Int64(60),
			ResourceRecords: []dnstypes.ResourceRecord{{Value: aws.String("ns.elsewhere.example")}},
		}}}},
	})
	must(w.t, err)
	_, err = w.organizations().CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("stranger"), Email: aws.String("stranger@drift.example")})
	must(w.t, err)
}

// exitCode returns the exit code in a program's error.
func exitCode(err error) int {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// movesState moves the state from a folder to a bucket, with the management account's key for
// the secrets. A preview there has to show no changes and to need no passphrase.
func (w *world) movesState() {
	w.t.Helper()
	master, err := w.automation().Master(context.Background())
	must(w.t, err)
	// The bucket is the account's own, which has the account's facts. An emulator has no host
	// name for each bucket.
	backend := master.BackendURL + "&s3ForcePathStyle=true&endpoint=" + w.emulator.Endpoint()
	w.ok(coldstart(), "state", "move", backend, "--secrets-provider", master.SecretsProvider)
	w.env["PULUMI_BACKEND_URL"] = backend
	w.env["PULUMI_CONFIG_PASSPHRASE"] = "another"
	w.ok(coldstart(), "preview", "--expect-no-changes")
	w.ok(coldstart(), "up", "--yes")
	if out, err := w.run(coldstart(), "state", "move", backend); err == nil || !strings.Contains(out, "is in s3://") {
		w.t.Errorf("moved onto itself: %v", err)
	}
}
