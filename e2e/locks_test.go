//go:build e2e

package e2e

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/coldstart-aws/coldstart/internal/githubtest"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// TestRunsThatAreKilled runs a workflow on runners that know nothing of each other, with the
// state in a bucket. The lock of a killed run has to stay until GitHub says that the run has
// ended. No other program may break the lock. A cancelled run has to end in time, without a
// lock.
func TestRunsThatAreKilled(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: runs
  coldstart:domain: runs.example
  coldstart:region: us-east-2
  coldstart:email: r-%s@runs.example
  coldstart:accounts: {app: {}}
  coldstart:audit: none
`)
	w.mortal()
	client := s3.NewFromConfig(w.emulator.Config("us-east-2"), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("runs-state"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "us-east-2"},
	})
	must(t, err)
	w.env["PULUMI_BACKEND_URL"] = "s3://runs-state?region=us-east-2&awssdk=v2&s3ForcePathStyle=true&endpoint=" + w.emulator.Endpoint()
	goesOn, ended := githubtest.New(t), githubtest.New(t)
	goesOn.Runs = map[string]string{"1/1": "in_progress"}
	ended.Runs = map[string]string{"1/1": "completed", "1/2": "completed", "2/1": "completed"}

	first := w.runner(goesOn, "1", "1")
	up := first.start(coldstart(), "up", "--yes", "master")
	first.said(up, "under way") // Now the stack is locked for the update, not only for its preparation.
	faults.KillTree(up.Process.Pid)(faults.Everything)
	_ = up.Wait() // The error is that the process was killed.

	laptop, err := w.run(coldstart(), "up", "--yes", "master")
	if err == nil {
		t.Error("a laptop broke the lock of a run")
	}
	contains(t, laptop, "stack master is locked by", "in the run https://github.test/acme/infrastructure/actions/runs/1/attempts/1", "pulumi cancel --stack master")
	second := w.runner(goesOn, "2", "1")
	beside, err := second.run(coldstart(), "up", "--yes", "master")
	if err == nil {
		t.Error("the lock of a run that goes on was broken")
	}
	contains(t, beside, "which hasn't ended")

	third := w.runner(ended, "3", "1")
	cancelled := third.start(coldstart(), "up", "--yes")
	third.said(cancelled, "is gone")
	time.Sleep(3 * time.Second)
	must(t, cancelled.Process.Signal(os.Interrupt))
	begin := time.Now()
	_ = cancelled.Wait() // The error is that the process was interrupted.
	// The run ends after about five seconds on an idle machine. It would take minutes if it
	// waited for what is in progress.
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("a cancelled run took %s", took)
	}
	if left := third.locks(client); len(left) > 0 {
		t.Errorf("a cancelled run left the locks %s", left)
	}
	w.up()
	w.unchanged()
	w.proved()
}

// runner returns a run's own copy of the project, with the run's environment.
func (w *world) runner(github *githubtest.Server, run, attempt string) *world {
	w.t.Helper()
	r := *w
	r.dir, r.env = w.t.TempDir(), maps.Clone(w.env)
	for _, name := range []string{"Pulumi.yaml", "Pulumi.master.yaml"} {
		content, err := os.ReadFile(filepath.Join(w.dir, name))
		must(w.t, err)
		must(w.t, os.WriteFile(filepath.Join(r.dir, name), content, 0o600))
	}
	maps.Copy(r.env, map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.test", "GITHUB_API_URL": github.URL, "GITHUB_TOKEN": githubtest.Token,
		"GITHUB_REPOSITORY": githubtest.Repository, "GITHUB_RUN_ID": run, "GITHUB_RUN_ATTEMPT": attempt,
		"PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
	})
	return &r
}

// locks returns the locks in the bucket.
func (w *world) locks(client *s3.Client) (keys []string) {
	w.t.Helper()
	page, err := client.ListObjectsV2(w.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("runs-state"), Prefix: aws.String(".pulumi/locks/")})
	must(w.t, err)
	for _, object := range page.Contents {
		keys = append(keys, aws.ToString(object.Key))
	}
	return keys
}

// said waits until a program that start has started prints a text.
func (w *world) said(cmd *exec.Cmd, text string) {
	w.t.Helper()
	out, ok := cmd.Stdout.(*os.File)
	if !ok {
		w.t.Fatal("its output isn't in a file")
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		content, err := os.ReadFile(out.Name())
		must(w.t, err)
		if strings.Contains(string(content), text) {
			return
		}
	}
	w.t.Errorf("it didn't say %q in %s", text, patience)
}
