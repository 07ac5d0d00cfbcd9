//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/organization"
)

// fleeting declares an organization that is destroyed again and again.
const fleeting = `
config:
  coldstart:namespace: gone
  coldstart:domain: gone.example
  coldstart:region: eu-north-1
  coldstart:email: g-%s@gone.example
  coldstart:accounts: {logs: {}, app: {}}
  coldstart:audit: {account: logs, retentionDays: 30, lockDays: 7}
`

// TestDestroyAndReturn checks that encrypted data can be read whatever is destroyed, and by
// whatever program: no key is deleted, and no bucket that isn't empty. A stack that others need
// isn't destroyed. The next up takes over the resources that stayed.
func TestDestroyAndReturn(t *testing.T) {
	begin(t)
	w := newWorld(t, fleeting)
	w.up()
	accounts := w.accounts()
	master, err := w.automation().Master(context.Background())
	must(t, err)
	logged := w.keepLog(master.Accounts["logs"].ID)

	refused, err := w.automation().Destroy(context.Background(), automation.DestroyOptions{})
	must(t, err)
	if refused.Err() == nil {
		t.Error("protected resources were destroyed")
	}
	contains(t, refused.Err().Error(), "protected", "nothing was deleted", "--unprotect")
	w.refusesDestroy("logs", "stack logs is needed by app", "the logs of their accounts go to its archive", "coldstart destroy --unprotect app logs")
	w.refusesDestroy("master", "stack master is needed by app, logs")

	// The state of all stacks moves to the bucket of the stack master. Plain Pulumi then
	// destroys master in spite of everything, because it knows nothing of the other stacks.
	bucket := master.BackendURL + "&s3ForcePathStyle=true&endpoint=" + w.emulator.Endpoint()
	w.ok(coldstart(), "state", "move", bucket, "--secrets-provider", master.SecretsProvider)
	w.env["PULUMI_BACKEND_URL"] = bucket
	w.refusesDestroy("", "stack master declares the bucket", "which holds the state of all stacks", "coldstart state move file://")
	w.ok("pulumi", "state", "unprotect", "--all", "--yes", "--stack", "master")
	w.ok("pulumi", "destroy", "--stack", "master", "--yes", "--skip-preview", "--non-interactive")
	contains(t, w.ok("pulumi", "stack", "export", "--stack", "app"), "aws:kms/key:Key")
	w.up()
	w.unchanged()
	w.proved()

	// The state moves back to a folder. Then everything that may be destroyed is destroyed,
	// twice.
	const back = "file://./back" // The path is relative to the project's folder.
	must(t, os.Mkdir(filepath.Join(w.dir, "back"), 0o700))
	w.ok(coldstart(), "state", "move", back, "--secrets-provider", "passphrase")
	w.env["PULUMI_BACKEND_URL"] = back
	out := w.ok(coldstart(), "destroy", "--unprotect", "--yes")
	contains(t, out, "kept: key", "kept: bucket gone-logs-trails-", "which holds AWSLogs/kept", "kept: bucket gone-master-state-", "kept: account")
	w.ok(coldstart(), "destroy", "--unprotect", "--yes")
	zones, err := route53.NewFromConfig(w.emulator.Config("eu-north-1")).ListHostedZones(context.Background(), &route53.ListHostedZonesInput{})
	must(t, err)
	buckets, err := s3.NewFromConfig(w.in(master.Accounts["app"].ID)).ListBuckets(context.Background(), &s3.ListBucketsInput{})
	must(t, err)
	if len(zones.HostedZones)+len(buckets.Buckets) != 0 {
		t.Errorf("zones are left in the management account: %d; empty buckets in app: %d", len(zones.HostedZones), len(buckets.Buckets))
	}
	w.nothingLost(master.Accounts["app"].ID, logged)
	w.up()
	w.unchanged()
	w.proved()
	w.nothingLost(master.Accounts["app"].ID, logged)
	for email, a := range w.accounts() {
		if aws.ToString(a.Id) != aws.ToString(accounts[email].Id) {
			t.Errorf("%s was %s and is %s", email, aws.ToString(accounts[email].Id), aws.ToString(a.Id))
		}
	}
}

// in returns a configuration that works in a member account.
func (w *world) in(account string) aws.Config {
	cfg := w.emulator.Config(w.organization().Region)
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), organization.RoleARN(account, organization.AccessRole)))
	return cfg
}

// refusesDestroy checks that the destruction of a stack, or of all stacks, is refused for the
// given reasons.
func (w *world) refusesDestroy(stack string, reasons ...string) {
	w.t.Helper()
	args := []string{"destroy", "--unprotect", "--yes"}
	if stack != "" {
		args = append(args, stack)
	}
	out, err := w.run(coldstart(), args...)
	if err == nil {
		w.t.Fatalf("%s was destroyed", stack)
	}
	contains(w.t, out, append(reasons, "nothing was deleted")...)
}

// keepLog writes a log into the archive. It returns a function that reads the log.
func (w *world) keepLog(account string) func() error {
	client := s3.NewFromConfig(w.in(account), func(o *s3.Options) { o.UsePathStyle = true })
	bucket, key := aws.String("gone-logs-trails-"+account), aws.String("AWSLogs/kept")
	_, err := client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("log"), ContentMD5: aws.String("3B1xu7XE0qXpNtt57xDBnw==")})
	must(w.t, err)
	return func() error {
		_, err := client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
		return err
	}
}

// nothingLost checks that the keys are enabled, that each exists once, and that the log can be
// read.
func (w *world) nothingLost(app string, logged func() error) {
	w.t.Helper()
	ctx := w.t.Context()
	if err := logged(); err != nil {
		w.t.Errorf("the log can't be read: %v", err)
	}
	for account, cfg := range map[string]aws.Config{"master": w.emulator.Config(w.organization().Region), "app": w.in(app)} {
		client, seen := kms.NewFromConfig(cfg), map[string]bool{}
		for pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			must(w.t, err)
			for _, k := range page.Keys {
				key, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
				must(w.t, err)
				m := key.KeyMetadata
				if m.KeyManager != kmstypes.KeyManagerTypeCustomer || aws.ToString(m.Description) == "Default key" {
					continue // AWS manages this key, and the emulator returns it as one of the customer's.
				}
				if m.KeyState != kmstypes.KeyStateEnabled || seen[aws.ToString(m.Description)] {
					w.t.Errorf("%s: key %s (%s) is %s; there is another of its name: %t", account, aws.ToString(m.KeyId), aws.ToString(m.Description), m.KeyState, seen[aws.ToString(m.Description)])
				}
				seen[aws.ToString(m.Description)] = true
			}
		}
		if len(seen) != 2 {
			w.t.Errorf("%s has the keys %v", account, seen)
		}
	}
}
