package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
)

// run runs a command line and returns its exit code and what it wrote.
func run(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = Main(args, IO{In: strings.NewReader(""), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func TestHelp(t *testing.T) {
	t.Parallel()
	code, out, _ := run("--help")
	if code != exitDone {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"coldstart rehearse", "coldstart preview", "coldstart up", "pulumi up --stack master", "Exit codes"} {
		if !strings.Contains(out, want) {
			t.Errorf("the help doesn't mention %q", want)
		}
	}
	for _, command := range []string{"init", "account", "doctor", "preview", "comment", "up", "refresh", "drift", "destroy", "verify", "outputs", "state", "access", "aws-config", "graph", "network", "stacks", "rehearse", "emulator", "version"} {
		code, out, _ := run(command, "--help")
		if code != exitDone || len(out) < 200 {
			t.Errorf("%s --help: exit code %d, %q", command, code, out)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	dir := declared(t, "config:\n  coldstart:namespace: acme\n")
	for want, args := range map[string][]string{
		"unknown flag: --frobnicate":     {"up", "--frobnicate"},
		"--parallel 0: write 1 or more":  {"preview", "--parallel", "0", "-C", dir},
		"run with --yes if you mean it":  {"destroy", "-C", dir},
		`unknown command "x"`:            {"rehearse", "x"},
		`unknown command "frobnicate"`:   {"frobnicate"},
		`invalid argument "x" for "--pa`: {"up", "--parallel", "x"},
	} {
		code, out, errs := run(args...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) || !strings.Contains(errs, "coldstart --help") {
			t.Errorf("%v: exit code %d, out %q, err %q", args, code, out, errs)
		}
	}
}

// A declaration with problems is an ordinary failure that names all of them.
func TestProblems(t *testing.T) {
	t.Parallel()
	dir := declared(t, "config:\n  coldstart:namespace: Acme\n  coldstart:domain: acme\n")
	for _, command := range [][]string{{"account", "list"}, {"doctor"}, {"preview"}, {"up", "--yes"}, {"refresh"}, {"drift"}, {"destroy", "--yes"}, {"verify"}, {"outputs"}, {"state", "move"}, {"access"}, {"aws-config"}, {"graph"}, {"network"}, {"stacks"}, {"rehearse"}} {
		code, out, errs := run(append(command, "-C", dir)...)
		if code != exitFailed || out != "" {
			t.Errorf("%v: exit code %d, out %q", command, code, out)
		}
		for _, want := range []string{"nothing was run", "Pulumi.master.yaml:2: coldstart:namespace", "Pulumi.master.yaml:3: coldstart:domain", "coldstart:region: is missing"} {
			if !strings.Contains(errs, want) {
				t.Errorf("%v doesn't say %q:\n%s", command, want, errs)
			}
		}
	}
	code, _, errs := run("preview", "-C", t.TempDir())
	if code != exitFailed || !strings.Contains(errs, "Pulumi.master.yaml") {
		t.Errorf("no declaration: exit code %d, %q", code, errs)
	}
}

// A project that was renamed is refused before Pulumi is asked anything.
func TestRenamedProject(t *testing.T) {
	t.Parallel()
	dir := declared(t, "config:\n  coldstart:namespace: acme\n  coldstart:domain: acme.example\n  coldstart:region: us-west-2\n  coldstart:email: aws-%s@acme.example\n  coldstart:audit: none\n")
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: infra\nruntime: go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"preview"}, {"up", "--yes"}, {"outputs"}, {"drift"}, {"destroy", "--yes"}, {"state", "move", "file:///srv/state"}} {
		code, out, errs := run(append(command, "-C", dir)...)
		if code != exitFailed || out != "" || !strings.Contains(errs, "the project's name is \"infra\": write `name: coldstart` again") || strings.Contains(errs, "PULUMI_BACKEND_URL") {
			t.Errorf("%v: exit code %d, out %q, err %q", command, code, out, errs)
		}
	}
}

// declared makes a folder with a declaration.
func declared(t *testing.T, declaration string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.master.yaml"), []byte(declaration), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFlags(t *testing.T) {
	t.Parallel()
	cmd := newUp(IO{}, func(_ context.Context, o *UpOptions) error {
		if diff := cmp.Diff([]string{"master", "prod"}, o.stacks); diff != "" || !o.yes || o.parallel != 3 || o.dir != "x" {
			t.Errorf("got %+v", o)
		}
		return nil
	})
	cmd.SetArgs([]string{"--yes", "--parallel=3", "-C", "x", "master", "prod"})
	if err := cmd.Execute(); err != nil {
		t.Error(err)
	}
	cmd = newRehearse(IO{}, func(_ context.Context, o *RehearseOptions) error {
		if !o.keep || o.emulator.endpoint != "http://127.0.0.1:5000" || o.parallel != automation.DefaultParallel {
			t.Errorf("got %+v", o)
		}
		return nil
	})
	cmd.SetArgs([]string{"--keep", "--endpoint", "http://127.0.0.1:5000"})
	if err := cmd.Execute(); err != nil {
		t.Error(err)
	}
	cmd = newEmulator(IO{}, func(_ context.Context, o *EmulatorOptions) error {
		if !o.install || o.emulator.port != 5000 {
			t.Errorf("got %+v", o)
		}
		return nil
	})
	cmd.SetArgs([]string{"--install", "--port=5000"})
	if err := cmd.Execute(); err != nil {
		t.Error(err)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	result := &automation.Result{Operation: automation.OperationUp, Duration: 90 * time.Second, Stacks: []automation.StackResult{
		{
			Stack: "master", Status: automation.StatusSucceeded, Changes: automation.Changes{"create": 2, "same": 75}, Duration: 37 * time.Second,
			Steps: []automation.Step{
				{Resource: automation.Resource{Type: "coldstart:dns:Zone", Name: "apex", Operation: "create"}},
				{Resource: automation.Resource{Type: "aws:route53/zone:Zone", Name: "apex", Operation: "create"}},
				{Resource: automation.Resource{Type: "aws:kms/key:Key", Name: "state", Operation: "delete"}},
			},
		},
		{Stack: "audit", Status: automation.StatusFailed, Changes: automation.Changes{}, Err: errors.New("first\nsecond"), Unfinished: []automation.Resource{
			{Type: "coldstart:state:Store", Name: "state", Operation: "create"}, {Type: "aws:kms/key:Key", Name: "state", Operation: "create"},
		}},
		{Stack: "prod", Status: automation.StatusSkipped, Changes: automation.Changes{}, Err: errors.New("not run, because …")},
	}}
	var out bytes.Buffer
	writeSteps(&out, result, false)
	writeSummary(&out, result)
	want := `
master: 2 create, 75 same
  -  kms.Key                                              state
  +  route53.Zone                                         apex

STACK   STATUS     CHANGES            TIME
master  succeeded  2 create, 75 same  37s
audit   failed     0 same             0s
prod    skipped    0 same             0s
all                2 create, 75 same  1m30s

audit failed:
  first
  second
  It left under way, and the next run finds out what became of it:
  - create of kms.Key state

prod was skipped:
  not run, because …

When that is put right, run again:
  coldstart up audit prod
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	phase := &rehearsal.PhaseReport{Changes: automation.Changes{"create": 1}, Seconds: 1.5}
	writeReport(&out, &rehearsal.Report{
		Stacks: []rehearsal.StackReport{{Stack: "master", Preview: phase, Up: &rehearsal.PhaseReport{Status: automation.StatusFailed, Error: "no"}}},
		Proofs: []proof.Proof{
			{Account: "master", Subject: "zone", Claim: "a", Holds: true},
			{Account: "master", Subject: "zone", Claim: "b", Detail: "why"},
			{Account: "prod", Subject: "account", Claim: "c", Holds: true},
		},
		Problems: []string{"master: zone: b doesn't hold: why"},
		Omitted:  []string{"whether logs arrive"},
		Accounts: 2, Resources: 3, Emulator: "moto", PeakMemoryBytes: 1 << 30,
	})
	want := `
Proofs that hold, of those made by reading AWS:
IN      ORGANIZATION  GUARDRAILS  DNS         STATE  ACCESS  SETTINGS  AUDIT
master  -             -           1/2 FAILED  -      -       -         -
prod    1/1           -           -           -      -       -         -

STACK   PREVIEW          UP      SECOND UP
master  1 create, 1.5 s  failed  not run
all     0.0 s            0.0 s   0.0 s

2 accounts, 3 resources, 0 s in all, at most 1.0 GiB of memory; emulator: moto
not proved: whether logs arrive

The rehearsal FAILED:
- master: zone: b doesn't hold: why
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(IO{Err: &out})
	p.begin = time.Now()
	zone := automation.Resource{URN: "u", Type: "aws:route53/zone:Zone", Name: "apex", Operation: "create"}
	for _, e := range []automation.Event{
		{Stack: "prod", Kind: automation.EventStackStarted},
		{Stack: "prod", Kind: automation.EventResourceStarted, Resource: zone},
	} {
		p.event(e)
	}
	p.last = time.Now().Add(-beat)
	p.tick()
	for _, e := range []automation.Event{
		{Stack: "prod", Kind: automation.EventMessage, Message: "one\ntwo"},
		{Stack: "prod", Kind: automation.EventResourceFinished, Resource: zone, Failed: true},
		{Stack: "prod", Kind: automation.EventStackFinished, Result: &automation.StackResult{Stack: "prod", Status: automation.StatusFailed, Err: errors.New("taken\nmore")}},
	} {
		p.event(e)
	}
	p.last = time.Now().Add(-beat)
	p.tick() // Nothing runs, so there is nothing to say.
	want := `   0s  prod         started
   0s  running      prod: 0 done, route53.Zone apex under way
   0s  prod         one
   0s  prod         two
   0s  prod         create of route53.Zone apex failed
   0s  prod         FAILED: taken
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestExports(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	writeExports(&out, map[string]string{"B": "it's", "A": ""})
	first, rest, _ := strings.Cut(out.String(), "\n")
	if diff := cmp.Diff("  unset A\n  export B='it'\\''s'\n", rest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Whatever the shell has that an AWS SDK reads is gone.
	shell := exec.Command("sh", "-c", first+"\nenv")
	shell.Env = []string{"PATH=" + os.Getenv("PATH"), "AWS_USE_FIPS_ENDPOINT=true", "TF_AWS_STS_ENDPOINT=x", "MY_AWS_NOTE=y", "NOTE=a\nAWS_b"}
	left, err := shell.CombinedOutput()
	if err != nil || strings.Contains(string(left), "FIPS") || strings.Contains(string(left), "TF_AWS") || !strings.Contains(string(left), "MY_AWS_NOTE=y") {
		t.Errorf("%v, left:\n%s", err, left)
	}
}
