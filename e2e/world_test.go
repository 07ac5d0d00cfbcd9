//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal"
)

// world is what a scenario has for itself: an AWS, a project folder with a file backend, and
// the declaration in the folder.
type world struct {
	t        testing.TB
	dir      string
	emulator *rehearsal.Emulator
	env      map[string]string
	// secrets is the secrets provider of stacks that automation creates.
	secrets string
}

// patience is how long a scenario waits for what happens sooner or later. It is long, because a
// busy machine is slow. Only what never happens takes so long.
const patience = 5 * time.Minute

// newWorld starts an emulator and creates a project folder with the declaration.
func newWorld(t testing.TB, declaration string) *world {
	t.Helper()
	return newWorldIn(t, t.TempDir(), declaration)
}

// odd is a name of a project's folder. It has characters with a meaning in a URL, in a shell,
// or to a program that gets the name as an argument.
const odd = `-infra_feature%2Fdns 50% #1?a+b&c=d é'"$HOME`

// newWorldIn is newWorld with the project in a given folder, which it creates if necessary.
func newWorldIn(t testing.TB, dir, declaration string) *world {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	project, err := os.ReadFile("../Pulumi.yaml")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), project, 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "backend"), 0o700))
	emulator, err := rehearsal.StartEmulator(context.Background(), rehearsal.EmulatorOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, emulator.Stop()) })
	secrets, err := rehearsal.SecretsProvider(context.Background(), emulator)
	must(t, err)
	w := &world{t: t, dir: dir, secrets: secrets}
	w.against(emulator)
	w.declare(declaration)
	return w
}

// skipCheckpoints is a variable that makes Pulumi save a state once, when a run ends, and not
// after each step. Saving states is half of the engine's work.
const skipCheckpoints = "PULUMI_SKIP_CHECKPOINTS"

// against makes the scenario use another emulator from now on.
func (w *world) against(emulator *rehearsal.Emulator) {
	w.emulator, w.env = emulator, rehearsal.Environment(emulator, w.dir)
	w.env[skipCheckpoints] = "true"
}

// mortal makes Pulumi save the state after each step, as it does for people. A scenario calls
// it before runs are killed.
func (w *world) mortal() { delete(w.env, skipCheckpoints) }

// declare replaces the declaration.
func (w *world) declare(declaration string) {
	w.t.Helper()
	must(w.t, os.WriteFile(filepath.Join(w.dir, organization.File), []byte(declaration), 0o600))
}

func (w *world) organization() *organization.Organization {
	w.t.Helper()
	org, err := organization.Load(filepath.Join(w.dir, organization.File))
	must(w.t, err)
	return org
}

func (w *world) automation() *automation.Automation {
	w.t.Helper()
	a, err := automation.New(w.organization(), automation.Options{Dir: w.dir, Env: w.env, SecretsProvider: w.secrets, OnEvent: w.log})
	must(w.t, err)
	return a
}

// log writes what the reader of a failed test needs.
func (w *world) log(e automation.Event) {
	switch e.Kind { //nolint:exhaustive // The rest is too much.
	case automation.EventMessage:
		w.t.Logf("%s %s: %s", e.Time.Format("15:04:05"), e.Stack, e.Message)
	case automation.EventStackFinished:
		w.t.Logf("%s %s: %s: %s (%v)", e.Time.Format("15:04:05"), e.Stack, e.Result.Status, e.Result.Changes, e.Result.Err)
	}
}

// up brings the named stacks up, or all, and fails the test if one fails.
func (w *world) up(stacks ...string) *automation.Result {
	w.t.Helper()
	result, err := w.automation().Up(context.Background(), stacks...)
	must(w.t, err)
	must(w.t, result.Err())
	return result
}

// unchanged brings all stacks up again. This must change nothing.
func (w *world) unchanged() {
	w.t.Helper()
	result := w.up()
	if result.Changes().Changed() == 0 {
		return
	}
	w.t.Errorf("another up changed something: %s", result.Changes())
	for _, s := range result.Stacks {
		for _, step := range s.Steps {
			w.t.Logf("%s: %s %s %s", s.Stack, step.Operation, step.Type, step.Name)
		}
	}
}

// undrifted refreshes all stacks. AWS must have everything as it was created.
func (w *world) undrifted() {
	w.t.Helper()
	result, err := w.automation().Refresh(context.Background())
	must(w.t, err)
	must(w.t, result.Err())
	if changes := result.Changes(); changes["update"] != 0 || changes["delete"] != 0 {
		w.t.Errorf("refresh found drift: %s", changes)
	}
}

// proved checks every proof.
func (w *world) proved() {
	w.t.Helper()
	for _, p := range w.unproved() {
		w.t.Error(p.Problem())
	}
}

// unproved returns the proofs that don't hold.
func (w *world) unproved() []proof.Proof {
	w.t.Helper()
	proofs, err := proof.Prove(context.Background(), w.organization(), proof.Options{Env: w.emulator.Env()})
	must(w.t, err)
	if len(proofs.Proofs) == 0 {
		w.t.Error("nothing was proved")
	}
	return slices.DeleteFunc(proofs.Proofs, func(p proof.Proof) bool { return p.Holds })
}

// accounts returns the organization's accounts by e-mail address. Two accounts with the same
// address fail the test.
func (w *world) accounts() map[string]orgtypes.Account {
	w.t.Helper()
	accounts := map[string]orgtypes.Account{}
	for pages := organizations.NewListAccountsPaginator(w.organizations(), &organizations.ListAccountsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(context.Background())
		must(w.t, err)
		for _, a := range page.Accounts {
			email := strings.ToLower(aws.ToString(a.Email))
			if _, twice := accounts[email]; twice {
				w.t.Errorf("two accounts have the address %s", email)
			}
			accounts[email] = a
		}
	}
	return accounts
}

func (w *world) organizations() *organizations.Client {
	return organizations.NewFromConfig(w.emulator.Config("us-east-1"))
}

// account creates an account of the organization without coldstart, as somebody else would, and
// returns its id. If a role is named, it becomes the account's access role.
func (w *world) account(name, email string, role ...string) string {
	w.t.Helper()
	ctx, client := context.Background(), w.organizations()
	input := &organizations.CreateAccountInput{AccountName: &name, Email: &email}
	if len(role) > 0 {
		input.RoleName = &role[0]
	}
	begun, err := client.CreateAccount(ctx, input)
	must(w.t, err)
	made, err := client.DescribeCreateAccountStatus(ctx, &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: begun.CreateAccountStatus.Id})
	must(w.t, err)
	if made.CreateAccountStatus.State != orgtypes.CreateAccountStateSucceeded {
		w.t.Fatalf("creating %s: %s %s", name, made.CreateAccountStatus.State, made.CreateAccountStatus.FailureReason)
	}
	return aws.ToString(made.CreateAccountStatus.AccountId)
}

// run runs a program in the project's folder, as a person would. It returns the program's
// output, and its error if it failed.
func (w *world) run(name string, args ...string) (string, error) {
	w.t.Helper()
	cmd := w.command(name, args...)
	out, err := cmd.CombinedOutput()
	w.t.Logf("$ %s %s\n%s", name, strings.Join(args, " "), out)
	return string(out), err
}

func (w *world) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	cmd.Env = os.Environ()
	for k, v := range w.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

// ok is run for a program that has to succeed.
func (w *world) ok(name string, args ...string) string {
	w.t.Helper()
	out, err := w.run(name, args...)
	if err != nil {
		w.t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func contains(t testing.TB, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in:\n%s", want, text)
		}
	}
}

// binaries is the folder with coldstart, which is built once for all tests.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "coldstart-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binaries = dir
		if err := economize(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		build := exec.Command("go", "build", "-o", filepath.Join(dir, "coldstart"), "../cmd/coldstart")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building coldstart: %v\n%s", err, out)
			return 1
		}
		// Scenarios that can reach nothing but the emulator can't install the emulator.
		if err := rehearsal.Install(context.Background(), rehearsal.EmulatorOptions{Log: os.Stderr}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// economize saves time for the hundreds of processes that scenarios start. Short processes
// collect less garbage, linking leaves out debugging information, and Pulumi writes no log of
// each command.
func economize(dir string) error {
	home, err := rehearsal.Home(dir)
	return errors.Join(
		err,
		os.Setenv("PULUMI_HOME", home), os.Setenv("GOGC", "400"), os.Setenv("GOFLAGS", strings.TrimSpace(os.Getenv("GOFLAGS")+" -ldflags=-w")),
	)
}

func coldstart() string { return filepath.Join(binaries, "coldstart") }
