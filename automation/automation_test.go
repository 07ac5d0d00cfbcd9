package automation

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"golang.org/x/sync/semaphore"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

const declaration = `
config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:accounts: {audit: {}, dev: {}, prod: {}}
  coldstart:audit: {trail: account}
`

// fake returns an Automation whose stacks aren't run by Pulumi.
func fake(t *testing.T) *Automation {
	t.Helper()
	org, err := organization.Parse(organization.File, []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	return &Automation{org: org, options: Options{Parallel: 2, Dir: t.TempDir()}}
}

// play runs an operation on all stacks that exist; do stands for Pulumi.
func play(t *testing.T, a *Automation, op operation, do func(name string) error) map[string]StackResult {
	t.Helper()
	nodes := a.graph(a.org.Stacks(), op.order, &shared{live: stackref.NewLive()})
	op.do = func(s *stack, _ context.Context) error { return do(s.name) }
	slots := semaphore.NewWeighted(int64(a.options.Parallel))
	var wait sync.WaitGroup
	for _, n := range nodes {
		n.exists = true
		wait.Go(func() {
			defer close(n.done)
			n.result = n.run(context.Background(), op, slots)
		})
	}
	wait.Wait()
	results := map[string]StackResult{}
	for _, n := range nodes {
		results[n.name] = n.result
	}
	return results
}

// recorder notes the order in which stacks ended.
type recorder struct {
	mu    sync.Mutex
	names []string
}

func (r *recorder) note(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, name)
}

func (r *recorder) before(t *testing.T, first, second string) {
	t.Helper()
	if slices.Index(r.names, first) > slices.Index(r.names, second) {
		t.Errorf("%s ended after %s: %v", first, second, r.names)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		order        order
		first, then  string
		first2, last string
	}{
		{forward, "master", "audit", "audit", "prod"},
		{backward, "prod", "audit", "audit", "master"},
	} {
		var r recorder
		for name, result := range play(t, fake(t), operation{name: OperationUp, order: c.order}, func(name string) error {
			r.note(name)
			return nil
		}) {
			if result.Status != StatusSucceeded {
				t.Errorf("%s: %s", name, result.Status)
			}
		}
		r.before(t, c.first, c.then)
		r.before(t, c.first2, c.last)
	}
}

// One failed member doesn't stop the others; a failed audit account stops those
// whose trails need it.
func TestFailures(t *testing.T) {
	t.Parallel()
	for failed, want := range map[string]map[string]Status{
		"master": {"master": StatusFailed, "audit": StatusSkipped, "dev": StatusSkipped, "prod": StatusSkipped},
		"audit":  {"master": StatusSucceeded, "audit": StatusFailed, "dev": StatusSkipped, "prod": StatusSkipped},
		"dev":    {"master": StatusSucceeded, "audit": StatusSucceeded, "dev": StatusFailed, "prod": StatusSucceeded},
	} {
		got := map[string]Status{}
		for name, result := range play(t, fake(t), operation{name: OperationUp, order: forward}, func(name string) error {
			if name == failed {
				return errors.New("no")
			}
			return nil
		}) {
			got[name] = result.Status
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s failed (-want +got)\n%s", failed, diff)
		}
	}
}

func TestSelected(t *testing.T) {
	t.Parallel()
	a := fake(t)
	got, err := a.selected([]string{"prod", "master"})
	if diff := cmp.Diff([]string{"master", "prod"}, namesOf(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	_, err = a.selected([]string{"prd", "x"})
	if err == nil || !strings.Contains(err.Error(), `no stack "prd": the stacks are master, audit, dev, prod`) || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got %v", err)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		changes        Changes
		text           string
		changed, total int
	}{
		{Changes{}, "0 same", 0, 0},
		{Changes{"same": 3, "read": 1}, "3 same", 0, 3},
		{Changes{"same": 3, "create": 2, "delete": 1}, "2 create, 1 delete, 3 same", 3, 6},
		{Changes{"import": 1}, "1 import", 1, 1},
	} {
		if c.changes.String() != c.text || c.changes.Changed() != c.changed || c.changes.Total() != c.total {
			t.Errorf("%v: %s, %d, %d", map[string]int(c.changes), c.changes, c.changes.Changed(), c.changes.Total())
		}
	}
}

func TestCause(t *testing.T) {
	t.Parallel()
	s := (&Automation{}).stack(organization.Stack{Name: "prod"}, &shared{})
	w := &s.watcher
	w.begin()
	channel, done := make(chan events.EngineEvent), make(chan struct{})
	go w.watch(channel, done)
	for _, d := range []apitype.DiagnosticEvent{
		{
			Severity: "error", URN: "urn:pulumi:prod::coldstart::pulumi:pulumi:Stack::coldstart-prod",
			Message: "an unhandled error occurred: program failed: \n1 error occurred:\n\t* waiting for RPCs: rpc error: code = Unknown desc = no such thing\n\n",
		},
		{
			Severity: "error", URN: "urn:pulumi:prod::coldstart::coldstart:dns:Zone$aws:route53/zone:Zone::zone",
			Message: "<{%reset%}>  sdk-v2/provider2.go:520: sdk.helper_schema: creating zone: taken: provider=aws@6.83.2<{%reset%}>",
		},
		{Severity: "error", URN: "urn:pulumi:prod::coldstart::coldstart:dns:Zone$aws:route53/zone:Zone::zone", Message: "creating zone: taken"},
		{Severity: "error", Message: "update failed"},
		{Severity: "info", Message: "nothing to see"},
	} {
		channel <- events.EngineEvent{EngineEvent: apitype.EngineEvent{DiagnosticEvent: &d}}
	}
	close(channel)
	<-done
	want := "no such thing\nzone (aws:route53/zone:Zone): creating zone: taken"
	if got := w.cause(errors.New("all that was printed")).Error(); got != want {
		t.Errorf("got\n%s\nnot\n%s", got, want)
	}
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"failed to run\nstderr: error: no stack\nerror: no stack\n": "no stack",
		"one\ntwo": "one\ntwo",
		// A message that begins on the next line, and one with empty lines in it.
		"exit status 255\nstderr: error: \n  the file has problems:\n\n  - first\n  - second\n":                                                                           "the file has problems:\n\n  - first\n  - second",
		"error: 2 errors occurred:\n\t1) one:\n\t   more of it\n\t2) two\ncode: 255\nstdout: Previewing\n":                                                                "one:\n\t   more of it\ntwo",
		"Diagnostics:\n  aws:s3:Bucket (a):\n    error: creating:\n      denied\n\n  aws:s3:Bucket (b):\n    error: taken\n    warning: old\nResources:\n    1 errored\n": "creating:\n      denied\ntaken",
		"error: getting secrets: rpc error: code = Unknown":                                                                                                               "getting secrets: rpc error: code = Unknown",
		// Advice is there where it fits.
		"error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions": "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions; set PULUMI_BACKEND_URL to where the state is, or run `pulumi login`",
		"error: the state has no bucket": "the state has no bucket",
	} {
		if got := summarize(errors.New(in)).Error(); got != want {
			t.Errorf("got %q, not %q", got, want)
		}
	}
}

func TestLongOutputKeepsItsEnds(t *testing.T) {
	t.Parallel()
	got := summarize(errors.New("first\n" + strings.Repeat("more\n", 100) + "last")).Error()
	if lines := strings.Split(got, "\n"); lines[0] != "first" || lines[len(lines)-1] != "last" || len(lines) != maxLines+1 || !strings.Contains(got, "… (62 lines left out)") {
		t.Errorf("got\n%s", got)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	s := (&Automation{}).stack(organization.Stack{Name: "prod"}, &shared{})
	for in, want := range map[string]string{
		"error: something else": "",
		"the stack is currently locked by 1 lock(s).\n  file:///s: created by ops@elsewhere (pid 12) at 2026-11-22T10:00:00Z": "stack prod is locked by ops@elsewhere (pid 12) since 2026-11-22T10:00:00Z",
		"[409] Conflict: Another update is currently in progress.":                                                            "stack prod is locked by another update",
	} {
		again, err := s.unlock(context.Background(), errors.New(in))
		if again || (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", in, again, err)
		}
	}
	// The lock of a living process on this machine isn't broken.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	held := "the stack is currently locked by 1 lock(s). created by me@" + host + " (pid 1) at now"
	if again, err := s.unlock(ctx, errors.New(held)); again || err == nil {
		t.Errorf("broke the lock of a living process: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("COLDSTART_TEST_KEPT", "1")
	t.Setenv("COLDSTART_TEST_REPLACED", "1")
	t.Setenv("COLDSTART_TEST_UNSET", "1")
	env := environment([]string{"COLDSTART_TEST_REPLACED=2", "COLDSTART_TEST_UNSET=", "COLDSTART_TEST_NEW=a=b"})
	var got []string
	for _, e := range env {
		if strings.HasPrefix(e, "COLDSTART_TEST_") {
			got = append(got, e)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"COLDSTART_TEST_KEPT=1", "COLDSTART_TEST_NEW=a=b", "COLDSTART_TEST_REPLACED=2"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestHeal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stacks := filepath.Join(dir, ".pulumi", "stacks")
	if err := os.MkdirAll(stacks, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"a.json": "", "a.json.attrs": "", "b.json.attrs": `{"md5":`, "c.json.attrs": `{}`} {
		if err := os.WriteFile(filepath.Join(stacks, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := heal(dir, func(string, time.Time) bool { return false }); n != 2 || err != nil {
		t.Errorf("healed %d, %v", n, err)
	}
	entries, err := os.ReadDir(stacks)
	if err != nil || len(entries) != 2 {
		t.Errorf("what is left: %v, %v", entries, err)
	}
}
