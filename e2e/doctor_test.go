//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/doctor"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// TestDoctor checks what doctor says before the first run, with something missing, after a run,
// while a stack is locked, and with an account in the way. doctor may change nothing.
func TestDoctor(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: ward
  coldstart:domain: ward.example
  coldstart:region: eu-west-1
  coldstart:email: w-%s@ward.example
  coldstart:audit: none
  coldstart:accounts: {app: {}}
`)
	w.secrets = "" // Pulumi uses its default, a passphrase.
	before := files(t, w.dir)
	w.diagnosed(nil, 0, map[string]doctor.Status{"organization": doctor.OK, "login": doctor.OK, "secrets": doctor.OK, "quota": doctor.Warning, "permissions": doctor.Warning},
		"coldstart creates it", "none yet: 0 of 2", "0 to adopt, 1 to create", "nothing that is declared is in the way in 1 account")
	w.diagnosed(map[string]string{"PULUMI_BACKEND_URL": "", "PULUMI_CREDENTIALS_PATH": t.TempDir(), "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, 1,
		map[string]doctor.Status{"login": doctor.Failure, "locks": doctor.Skipped, "connection": doctor.Failure, "quota": doctor.Skipped, "delegation": doctor.Skipped},
		"isn't logged in to any backend", "refused")
	w.diagnosed(map[string]string{"PULUMI_CONFIG_PASSPHRASE": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 1,
		map[string]doctor.Status{"secrets": doctor.Failure, "credentials": doctor.Failure, "quota": doctor.Skipped},
		"PULUMI_CONFIG_PASSPHRASE isn't set", "there are none")
	if after := files(t, w.dir); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("doctor changed files:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}

	w.up("master")
	w.diagnosed(nil, 0, map[string]doctor.Status{"stacks": doctor.OK, "locks": doctor.OK, "organization": doctor.OK, "management account": doctor.OK, "apex zone": doctor.OK},
		"master: 1 of 2", "which opens those of master", "1 to adopt, 0 to create", "nothing that is declared is in the way in 2 accounts", "ward.example is on ns-")
	w.diagnosed(map[string]string{"PULUMI_CONFIG_PASSPHRASE": "another"}, 1, map[string]doctor.Status{"secrets": doctor.Failure}, "doesn't open the secrets of stack master")

	w.locked(func() {
		w.diagnosed(nil, 1, map[string]doctor.Status{"lock of master": doctor.Failure}, "holds it since 20", "wait for it to end")
	})
	// coldstart hasn't started that Pulumi, so only a person knows whether the process is dead.
	w.diagnosed(nil, 1, map[string]doctor.Status{"lock of master": doctor.Failure}, "run `pulumi cancel --stack master` if you know that it is dead")
	w.ok("pulumi", "cancel", "--stack", "master", "--yes")
	killed := w.start(coldstart(), "refresh", "master")
	w.awaitLock(organization.Master)
	faults.KillTree(killed.Process.Pid)(faults.Everything)
	_ = killed.Wait() // The error is that the process was killed.
	// A plugin that was starting at that time ends when nobody connects to it.
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Second) {
		if out, _ := w.run(coldstart(), "doctor", "--json"); strings.Contains(out, "was started here, and is gone") {
			break
		}
	}
	w.diagnosed(nil, 0, map[string]doctor.Status{"lock of master": doctor.Warning}, "was started here, and is gone", "the next `coldstart up` in this folder breaks it")

	w.diagnosed(map[string]string{"PULUMI_BACKEND_URL": w.bucket()}, 1, map[string]doctor.Status{"login": doctor.OK, "lock of app": doctor.Failure},
		"app: 1 of 2", "ada@elsewhere.invalid (process 7) holds it since 2026-11-24T10:00:00Z", "1 stack: by awskms:///key")

	app := w.accounts()["w-app@ward.example"]
	role := organization.RoleARN(aws.ToString(app.Id), organization.AccessRole)
	session, err := sts.NewFromConfig(w.emulator.Config("eu-west-1")).AssumeRole(context.Background(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("e2e")})
	must(t, err)
	w.diagnosed(map[string]string{
		"AWS_ACCESS_KEY_ID":     aws.ToString(session.Credentials.AccessKeyId),
		"AWS_SECRET_ACCESS_KEY": aws.ToString(session.Credentials.SecretAccessKey),
		"AWS_SESSION_TOKEN":     aws.ToString(session.Credentials.SessionToken),
	}, 1, map[string]doctor.Status{"management account": doctor.Failure, "accounts": doctor.Skipped},
		aws.ToString(app.Id)+", this account, is a member", "run with credentials of 123456789012")

	_, err = w.organizations().CloseAccount(context.Background(), &organizations.CloseAccountInput{AccountId: app.Id})
	must(t, err)
	w.diagnosed(nil, 1, map[string]doctor.Status{"account app": doctor.Failure}, "account app ("+aws.ToString(app.Id)+") is CLOSED", "to reopen it: ask AWS Support", "; to give it up: take app out")
}

// diagnosed runs doctor with changes of the environment, in which an empty value removes a
// variable. It checks the exit code, the status of some checks, and texts in the output.
func (w *world) diagnosed(env map[string]string, code int, statuses map[string]doctor.Status, wants ...string) {
	w.t.Helper()
	cmd := w.command(coldstart(), "doctor", "--json")
	for name, value := range env {
		cmd.Env = slices.DeleteFunc(cmd.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	_ = cmd.Run() // The exit code is checked below.
	w.t.Logf("$ coldstart doctor --json, %s\n%s%s", time.Since(begin).Round(time.Millisecond), out.String(), errs.String())
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Errorf("exit code %d, not %d", got, code)
	}
	var findings []doctor.Finding
	must(w.t, json.Unmarshal(out.Bytes(), &findings))
	got := map[string]doctor.Status{}
	for _, f := range findings {
		got[f.Check] = f.Status
		if f.Status == doctor.Failure && code == 0 {
			w.t.Errorf("%s: %s", f.Check, f.Found)
		}
	}
	for check, status := range statuses {
		if got[check] != status {
			w.t.Errorf("%s is %q, not %s", check, got[check], status)
		}
	}
	contains(w.t, out.String(), wants...)
}

// locked calls do while the real Pulumi holds the lock of the stack master. Then it kills
// Pulumi.
func (w *world) locked(do func()) {
	w.t.Helper()
	refresh := w.start("pulumi", "refresh", "--stack", organization.Master, "--yes", "--non-interactive")
	w.awaitLock(organization.Master)
	must(w.t, refresh.Process.Signal(syscall.SIGSTOP))
	do()
	faults.KillTree(refresh.Process.Pid)(faults.Everything)
	_ = refresh.Wait()
}

// bucket creates a backend in S3 with a stack and the stack's lock. It returns the URL for
// `pulumi login`.
func (w *world) bucket() string {
	w.t.Helper()
	const name = "ward-elsewhere"
	client := s3.NewFromConfig(w.emulator.Config("us-east-1"), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String(name)})
	must(w.t, err)
	for key, content := range map[string]string{
		".pulumi/stacks/coldstart/app.json":                    `{"version":3,"checkpoint":{"latest":{"secrets_providers":{"type":"cloud","state":{"url":"awskms:///key?region=us-east-1"}}}}}`,
		".pulumi/locks/organization/coldstart/app/5c9e3a.json": `{"pid":7,"username":"ada","hostname":"elsewhere.invalid","timestamp":"2026-11-24T10:00:00Z"}`,
	} {
		_, err := client.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String(name), Key: &key, Body: strings.NewReader(content)})
		must(w.t, err)
	}
	return "s3://" + name + "/?region=us-east-1&awssdk=v2&s3ForcePathStyle=true&endpoint=" + w.emulator.Endpoint()
}

// files returns the files in a folder, with their sizes and modification times.
func files(t *testing.T, dir string) []string {
	t.Helper()
	found := map[string]bool{}
	must(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		found[fmt.Sprintf("%s %d %s", path, info.Size(), info.ModTime())] = true
		return err
	}))
	return slices.Sorted(maps.Keys(found))
}
