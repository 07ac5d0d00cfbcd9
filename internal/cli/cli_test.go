package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/terminal"
)

const small = `config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:audit: none
  coldstart:network: {cidr: 10.0.0.0/15}
  coldstart:accounts: {dev: {network: 10.0.0.0/16}, lab: {}}
  coldstart:access:
    account: lab
    roles: {deploy: {statements: [{Effect: Allow, Action: "s3:*", Resource: "arn:aws:s3:::a_b|c/*"}], session: 2h, accounts: [dev]}}
    groups: {makers: {dev: [deploy, readonly]}}
  coldstart:users: {ada: {groups: [makers]}, bob: {groups: [master-readonly]}}
`

// run runs a command line and returns its exit code and what it wrote.
func run(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = Main(args, terminal.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
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
	cmd := newUp(terminal.Streams{}, func(_ context.Context, o *UpOptions) error {
		if diff := cmp.Diff([]string{"master", "prod"}, o.stacks); diff != "" || !o.yes || o.parallel != 3 || o.dir != "x" {
			t.Errorf("got %+v", o)
		}
		return nil
	})
	cmd.SetArgs([]string{"--yes", "--parallel=3", "-C", "x", "master", "prod"})
	if err := cmd.Execute(); err != nil {
		t.Error(err)
	}
	cmd = newRehearse(terminal.Streams{}, func(_ context.Context, o *RehearseOptions) error {
		if !o.keep || o.emulator.endpoint != "http://127.0.0.1:5000" || o.parallel != automation.DefaultParallel() {
			t.Errorf("got %+v", o)
		}
		return nil
	})
	cmd.SetArgs([]string{"--keep", "--endpoint", "http://127.0.0.1:5000"})
	if err := cmd.Execute(); err != nil {
		t.Error(err)
	}
	cmd = newEmulator(terminal.Streams{}, func(_ context.Context, o *EmulatorOptions) error {
		if !o.install || o.emulator.port != 5000 {
			t.Errorf("got %+v", o)
		}
		return nil
	})
	cmd.SetArgs([]string{"--install", "--port=5000"})
	if err := cmd.Execute(); err != nil {
		t.Error(err)
	}
	cmd = newEmulator(terminal.Streams{}, func(context.Context, *EmulatorOptions) error { return errors.New("it runs") })
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{"--identity-center", "eu-west-11"})
	if err := cmd.Execute(); err == nil || err.Error() != `--identity-center: "eu-west-11" is not a region of AWS's commercial partition; did you mean eu-west-1?` {
		t.Error(err)
	}
}
