//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/coldstart-aws/coldstart/doctor"
)

// TestLostState brings an organization up and loses its state, wholly and in part. It is
// recognised, and nothing is made a second time.
func TestLostState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
config:
  coldstart:namespace: lost
  coldstart:domain: lost.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@lost.example
  coldstart:units: {work: {}}
  coldstart:accounts: {logs: {}, app: {unit: work}}
  coldstart:audit: {account: logs, retentionDays: 30, lockDays: 7}
  coldstart:guardrails: {regions: [eu-west-1, us-east-1]}
  coldstart:access: {github: {repository: lost/infrastructure}}
  coldstart:users: {ada: {groups: [app-admin]}}
`)
	w.up()
	accounts := w.accounts()
	app, logs := aws.ToString(accounts["aws+app@lost.example"].Id), aws.ToString(accounts["aws+logs@lost.example"].Id)

	// One member's state is lost.
	state := filepath.Join(w.dir, "backend", ".pulumi", "stacks", "coldstart")
	must(t, os.Rename(filepath.Join(state, "app.json"), filepath.Join(w.dir, "app.json")))
	for _, command := range [][]string{{coldstart(), "preview"}, {coldstart(), "up", "--yes"}} {
		out := w.stops(command[0], command[1:]...)
		contains(t, out, "stack app has no resources in this backend", "account "+app+" has the hosted zone app.lost.example (",
			"object .pulumi/stacks/coldstart-account/app.json in the bucket lost-app-state-"+app, "with a state that isn't here", "Nothing was created")
	}
	must(t, os.Rename(filepath.Join(w.dir, "app.json"), filepath.Join(state, "app.json")))

	// All of it is.
	must(t, os.Rename(filepath.Join(w.dir, "backend"), filepath.Join(w.dir, "elsewhere")))
	must(t, os.Mkdir(filepath.Join(w.dir, "backend"), 0o700))
	for _, command := range [][]string{{coldstart(), "preview"}, {coldstart(), "preview", "app"}, {coldstart(), "up", "--yes"}, {coldstart(), "up", "--yes", "app"}} {
		out := w.stops(command[0], command[1:]...)
		contains(t, out, "stack master has no resources in this backend", "the hosted zone lost.example (", "app ("+app+"), logs ("+logs+")",
			"with a state that isn't here", "Nothing was created", "pulumi whoami --verbose", "list-object-versions --bucket lost-master-state-")
		if _, err := os.Stat(state); err == nil {
			t.Errorf("%v wrote a stack", command[1:])
		}
	}
	w.diagnosed(nil, 1, map[string]doctor.Status{"state of master": doctor.Failure, "state of app": doctor.Failure, "state of logs": doctor.Failure},
		"account "+app+" has the hosted zone app.lost.example (")
	w.plainProject()
	w.ok("pulumi", "stack", "init", "master")
	contains(t, w.stops("pulumi", "up", "--yes", "--non-interactive", "--stack", "master"), "stack master has no resources in this backend")
	contains(t, w.stops("pulumi", "preview", "--non-interactive", "--stack", "master"), "stack master has no resources in this backend")
}

// stops is run for what coldstart or Pulumi has to refuse.
func (w *world) stops(name string, args ...string) string {
	w.t.Helper()
	out, err := w.run(name, args...)
	if err == nil {
		w.t.Fatalf("%s %v wasn't refused", name, args)
	}
	return out
}
