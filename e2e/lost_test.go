//go:build e2e

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/coldstart-aws/coldstart/doctor"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// losing declares an organization that loses its state.
const losing = `
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
  coldstart:users: {ada: {groups: [app-admin], pgpKey: "KEY"}}
  coldstart:security: {alarms: soc@lost.example, account: app, config: daily, conformancePacks: {keys: {template: packs/keys.yaml, parameters: {MaxAge: "90"}}}, guardDuty: {export: true}, inspector: {scans: [ECR]}, macie: {export: true}, securityHub: {}}
  coldstart:budgets: {notify: cfo@lost.example, total: 100, units: {work: 50}, anomalies: 10}
`

// TestLostState brings an organization up, and loses its state in part and as a whole.
// coldstart has to recognise the resources, to create none a second time, and to rebuild the
// state without a change in AWS. Something in AWS was changed by hand before.
func TestLostState(t *testing.T) {
	begin(t)
	declaration := strings.Replace(losing, "KEY", publicKey(t, newKey(t)), 1)
	w, changes := newWorld(t, declaration), &recorder{}
	w.pack("keys", keysPack)
	w.limited(proxy.Options{Rules: limits.Unhurried, OnCall: changes.record})
	w.up()
	accounts := w.accounts()
	app, logs := aws.ToString(accounts["aws+app@lost.example"].Id), aws.ToString(accounts["aws+logs@lost.example"].Id)

	// The state of one member is lost.
	state := filepath.Join(w.dir, "backend", ".pulumi", "stacks", "coldstart")
	must(t, os.Rename(filepath.Join(state, "app.json"), filepath.Join(w.dir, "app.json")))
	for _, command := range [][]string{{coldstart(), "preview"}, {coldstart(), "up", "--yes"}} {
		out := w.stops(command[0], command[1:]...)
		contains(t, out, "stack app has no resources in this backend", "account "+app+" has the hosted zone app.lost.example (",
			"object .pulumi/stacks/coldstart-account/app.json in the bucket lost-app-state-"+app, "with a state that isn't here", "Nothing was created")
	}
	w.recovered(changes, []string{"app"}, "the state is rebuilt: a preview shows no change")
	w.unchanged()
	w.ok("pulumi", "stack", "rm", "--force", "--preserve-config", "--yes", "app")
	w.stops(coldstart(), "preview", "app")
	must(t, os.Rename(filepath.Join(w.dir, "app.json"), filepath.Join(state, "app.json")))

	// The whole state is lost, with a subscription that nobody has confirmed, which AWS lists without its ARN.
	w.declare(strings.Replace(declaration, "securityHub: {}", "securityHub: {}, findings: soc@lost.example", 1))
	w.up()
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

	_, err := ssm.NewFromConfig(w.in(app)).DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String("/lost/app/zone_id")})
	must(t, err)
	_, err = ssm.NewFromConfig(w.in(app)).PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/lost/app/account_arn"), Value: aws.String("changed"), Overwrite: aws.Bool(true)})
	must(t, err)
	_, err = iam.NewFromConfig(w.in(app)).UpdateAccountPasswordPolicy(t.Context(), &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(6)})
	must(t, err)
	w.recovered(changes, nil, "the state is rebuilt: a preview shows no change", "the next up will create findings (aws:sns/topicSubscription:TopicSubscription)",
		"the next up will create parameters-zone_id (aws:ssm/parameter:Parameter)", "the next up will update parameters-account_arn (aws:ssm/parameter:Parameter): ", "the next up will update settings (aws:iam/accountPasswordPolicy:AccountPasswordPolicy): ", "minimumPasswordLength")
	contains(t, w.ok(coldstart(), "state", "recover", "--yes"), "this stack has its state; nothing to rebuild")
	w.up()
	w.unchanged()
	w.proved()

	// The bucket of GuardDuty's findings stays when nothing is exported any more, and is taken over after that.
	for i, export := range []string{"{}", "{export: true}"} {
		w.declare(strings.Replace(declaration, "{export: true}", export, 1))
		w.up()
		w.unchanged()
		w.proved()
		buckets, err := s3.NewFromConfig(w.in(logs)).ListBuckets(t.Context(), &s3.ListBucketsInput{Prefix: aws.String("lost-logs-guardduty-")})
		must(t, err)
		exported, err := guardduty.NewFromConfig(w.in(app)).ListDetectors(t.Context(), &guardduty.ListDetectorsInput{})
		must(t, err)
		destinations, err := guardduty.NewFromConfig(w.in(app)).ListPublishingDestinations(t.Context(), &guardduty.ListPublishingDestinationsInput{DetectorId: &exported.DetectorIds[0]})
		must(t, err)
		if len(buckets.Buckets) != 1 || len(destinations.Destinations) != i {
			t.Errorf("with guardDuty %s: %d buckets and %d destinations", export, len(buckets.Buckets), len(destinations.Destinations))
		}
	}
}

// TestRecoveryKilled kills a run that rebuilds the state again and again. Each run has to go
// on.
func TestRecoveryKilled(t *testing.T) {
	begin(t)
	// Nobody confirms the address of alarms here, so it would be subscribed again.
	w, s := newWorld(t, strings.NewReplacer("KEY", publicKey(t, newKey(t)), "alarms: soc@lost.example, ", "").Replace(losing)), &stand{}
	w.pack("keys", keysPack)
	w.limited(proxy.Options{Rules: s.before(limits.Unhurried)})
	w.up()
	must(t, os.Rename(filepath.Join(w.dir, "backend"), filepath.Join(w.dir, "elsewhere")))
	must(t, os.Mkdir(filepath.Join(w.dir, "backend"), 0o700))
	var pid atomic.Int64
	_, injector := w.injected(s, "read=40:kill,read=300:kill-coldstart,read=700:kill,read=900:kill-coldstart,read=1100:kill", &pid)
	runs := 0
	for ended := errors.New("not run yet"); ended != nil; runs++ {
		if runs > 5 {
			t.Fatalf("it failed %d times: %v", runs, ended)
		}
		run := w.start(coldstart(), "state", "recover", "--yes")
		pid.Store(int64(run.Process.Pid))
		ended = run.Wait()
	}
	injector.Stop()
	if pending := injector.Pending(); len(pending) > 0 || runs < 3 {
		t.Errorf("after %d runs, never happened: %s", runs, pending)
	}
	w.unchanged()
	w.proved()
}

// recorder records the calls that change something in AWS.
type recorder struct {
	mu    sync.Mutex
	calls []string
}

func (r *recorder) record(c *proxy.Call, a *proxy.Answer) {
	if !faults.IsChange(c) || !a.OK() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c.String())
}

// recovered rebuilds the state of the named stacks, or of all. This may change nothing in AWS.
func (w *world) recovered(r *recorder, stacks []string, wants ...string) {
	w.t.Helper()
	r.mu.Lock()
	r.calls = nil
	r.mu.Unlock()
	contains(w.t, w.ok(coldstart(), slices.Concat([]string{"state", "recover", "--yes"}, stacks)...), wants...)
	if len(r.calls) > 0 {
		w.t.Errorf("AWS was changed: %s", r.calls)
	}
}

// stops runs a program that has to fail, and returns its output.
func (w *world) stops(name string, args ...string) string {
	w.t.Helper()
	out, err := w.run(name, args...)
	if err == nil {
		w.t.Fatalf("%s %v wasn't refused", name, args)
	}
	return out
}
