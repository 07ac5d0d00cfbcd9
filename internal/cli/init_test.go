package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/starter"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// development builds are what tests are.
func unreleased() (*debug.BuildInfo, bool) {
	info, _ := released()
	info.Main.Version = developmentVersion
	return info, true
}

// interviewed runs init with somebody who types the given text.
func interviewed(t *testing.T, typed string, given map[string]string) (dir, errs string, err error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "new")
	var e bytes.Buffer
	err = initRun(context.Background(), &InitOptions{
		streams: terminal.Streams{In: strings.NewReader(typed), Out: io.Discard, Err: &e, Interactive: true}, dir: dir, given: given, build: unreleased,
	})
	return dir, e.String(), err
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestInitAsks(t *testing.T) {
	t.Parallel()
	dir, errs, err := interviewed(t, "Acme\nacme\nacme\nacme.example\nus-wst-2\n\nx@acme.example\n\nprod, on,on\nprod, on\nlogs\n10.0.0.0/33\n10.0.0.0/30\n10.0.0.0/27\n10.0.0.0/20\n21\n\n", nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, errs)
	}
	for _, want := range []string{
		"Prefix of all names, such as acme: ",
		`coldstart:namespace: "Acme" is not made of lower-case letters`,
		`coldstart:domain: "acme" is not a domain name`,
		"[us-west-2]: ", "did you mean us-west-2?",
		"[aws+%s@acme.example]: ", "doesn't have exactly one %s",
		"[prod,staging,dev,audit,corp,data,testing,security,identity]: ", "coldstart:accounts.on: stands there twice",
		"[audit]: ",
		`"10.0.0.0/33" is not a network`, "10.0.0.0/30 is smaller than the /28", "10.0.0.0/27 has no room for 3 accounts with a /28 each",
		"[23]: ", "10.0.0.0/20 has no room for 3 accounts with a /21 each",
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
	if diff := cmp.Diff([]string{".gitignore", "Pulumi.master.yaml", "Pulumi.yaml"}, files(t, dir)); diff != "" {
		t.Error(diff)
	}
	org, err := organization.Load(filepath.Join(dir, organization.File))
	if err != nil {
		t.Fatal(err)
	}
	want := organization.NetworkPlan{CIDR: "10.0.0.0/20", Accounts: map[string]string{"prod": "10.0.0.0/23", "on": "10.0.2.0/23", "logs": "10.0.4.0/23"}, Next: "10.0.6.0/23"}
	if diff := cmp.Diff(want, org.NetworkPlan()); diff != "" || org.Audit.Account != "logs" {
		t.Errorf("audit is %+v; %s", org.Audit, diff)
	}
}

// Flags answer questions, and what they make needless isn't asked either.
func TestInitAsksWhatIsLeft(t *testing.T) {
	t.Parallel()
	dir, errs, err := interviewed(t, "acme.example\nnone", map[string]string{
		"namespace": "acme", "region": "us-east-1", "email": "%s@acme.example", "accounts": "none", "audit": "none",
	})
	if err != nil || strings.Contains(errs, "Length") || strings.Count(errs, ": ") != 2 {
		t.Errorf("%v\n%s", err, errs)
	}
	if org, err := organization.Load(filepath.Join(dir, organization.File)); err != nil || len(org.Accounts) != 0 {
		t.Error(err)
	}
}

func TestInitStops(t *testing.T) {
	t.Parallel()
	dir, _, err := interviewed(t, "acme\nacme.example\n", nil)
	if !errors.Is(err, errStopped) || files(t, dir) != nil {
		t.Errorf("end of input: %v, %v", err, files(t, dir))
	}
	// Nothing ever comes from this reader, as from a person who thinks.
	in, typing := io.Pipe()
	defer typing.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var stop writerFunc = func(text []byte) (int, error) {
		if bytes.HasPrefix(text, []byte(": ")) {
			cancel()
		}
		return len(text), nil
	}
	dir = filepath.Join(t.TempDir(), "new")
	err = initRun(ctx, &InitOptions{streams: terminal.Streams{In: in, Out: io.Discard, Err: stop, Interactive: true}, dir: dir, build: unreleased})
	if !errors.Is(err, errStopped) || files(t, dir) != nil {
		t.Errorf("Ctrl-C: %v, %v", err, files(t, dir))
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestInitWithoutTerminal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"write --namespace, --domain, and write --region, --email, --accounts, --audit, --network, or --yes for their defaults"}},
		{[]string{"--yes", "--domain", "acme.example"}, []string{"nobody is there to ask: write --namespace\n"}},
		{[]string{"--namespace", "a", "--domain", "a.example", "--network", "none"}, []string{"ask: write --region, --email, --accounts, --audit, or --yes"}},
		{[]string{"--namespace", "A", "--region", "x", "--network", "10.0.0.1/8", "--accounts", "prod,Dev"}, []string{
			`coldstart:namespace: "A"`, `coldstart:region: "x"`, "write 10.0.0.0/8", `"Dev" is not an account's name`,
		}},
		{[]string{"--network", "x", "--account-prefix", "y"}, []string{`--network: "x" is not a network`, `--account-prefix: "y" is not`}},
		{[]string{"--network", "none", "--account-prefix", "20"}, []string{"--account-prefix: leave it out, there is no network"}},
		{[]string{"--namespace", "acme", "--domain", strings.Repeat("a", 60) + ".example", "--yes"}, []string{"the default of --accounts", "shorter address"}},
	} {
		code, out, errs := run(append([]string{"init", dir}, c.args...)...)
		if code != exitUsage || out != "" || files(t, dir) != nil {
			t.Errorf("%v: exit code %d, %q, %v", c.args, code, out, files(t, dir))
		}
		for _, want := range c.want {
			if !strings.Contains(errs, want) {
				t.Errorf("%v doesn't say %q:\n%s", c.args, want, errs)
			}
		}
	}
	code, out, errs := run("init", dir, "--yes", "--namespace", "acme", "--domain", "acme.example")
	for _, want := range []string{"coldstart rehearse -C " + dir, "coldstart doctor", "coldstart preview", "coldstart up", filepath.Join(dir, "Pulumi.yaml"), "is no release"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != exitDone || errs != "" {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if code, _, errs := run("account", "list", "-C", dir); code != exitDone {
		t.Error(errs)
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{".gitignore", "Pulumi.yaml", "README.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, _, errs := run("init", dir, "--yes", "--namespace", "acme", "--domain", "acme.example")
	if code != exitFailed || !strings.Contains(errs, "there is already "+filepath.Join(dir, "Pulumi.yaml")+", "+filepath.Join(dir, ".gitignore")+";") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if diff := cmp.Diff([]string{".gitignore", "Pulumi.yaml", "README.md"}, files(t, dir)); diff != "" {
		t.Error(diff)
	}
	// A file that appears meanwhile stays, and what was written before goes.
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "b"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := writeNew(other, []starter.File{{Name: "a"}, {Name: "b"}})
	if !errors.Is(err, os.ErrExist) || !slices.Equal(files(t, other), []string{"b"}) {
		t.Errorf("%v, %v", err, files(t, other))
	}
	if code, _, errs := run("init", filepath.Join(dir, "README.md"), "--yes", "--namespace", "acme", "--domain", "acme.example"); code != exitFailed {
		t.Errorf("a file for a folder: exit code %d, %s", code, errs)
	}
}

func TestInitOfRelease(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	dir := t.TempDir()
	o := &InitOptions{streams: terminal.Streams{Out: &out}, dir: dir, yes: true, given: map[string]string{"namespace": "acme", "domain": "acme.example"}, build: released}
	if err := initRun(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".gitignore", "Pulumi.master.yaml", "Pulumi.yaml", "go.mod", "main.go"}, files(t, dir)); diff != "" {
		t.Error(diff)
	}
	want := "module organization\n\ngo 1.26.8\n\nrequire (\n\tgithub.com/coldstart-aws/coldstart v1.2.3\n\tgithub.com/pulumi/pulumi/sdk/v3 v3.260.0\n)\n"
	if diff := cmp.Diff(want, content(t, filepath.Join(dir, "go.mod"))); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(out.String(), "go mod tidy") {
		t.Error(out.String())
	}
}

// TestInitWritesWorkflows starts an organization with workflows, and has workflows written
// beside a declaration.
func TestInitWritesWorkflows(t *testing.T) {
	t.Parallel()
	fresh := filepath.Join(t.TempDir(), "new")
	code, out, errs := run("init", fresh, "--github", "--yes", "--namespace", "acme", "--domain", "acme.example")
	if code != exitDone || !strings.Contains(out, "until their variables are set") || !strings.Contains(out, "there is no go.mod here") {
		t.Errorf("exit code %d, %s\n%s", code, errs, out)
	}
	if diff := cmp.Diff([]string{".github", ".gitignore", "Pulumi.master.yaml", "Pulumi.yaml"}, files(t, fresh)); diff != "" {
		t.Error(diff)
	}
	checkWorkflows(t, fresh)

	beside := t.TempDir()
	for _, name := range []string{organization.File, moduleFile} {
		if err := os.WriteFile(filepath.Join(beside, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs = run("init", beside, "--github")
	if code != exitDone || !strings.Contains(out, filepath.Join(beside, ".github/workflows/up.yaml")) || strings.Contains(out, "no go.mod") {
		t.Errorf("exit code %d, %s\n%s", code, errs, out)
	}
	if diff := cmp.Diff([]string{".github", organization.File, moduleFile}, files(t, beside)); diff != "" {
		t.Error(diff)
	}
	checkWorkflows(t, beside)

	code, _, errs = run("init", beside, "--github")
	if code != exitFailed || !strings.Contains(errs, filepath.Join(beside, ".github/workflows/up.yaml")+", ") || !strings.Contains(errs, "delete them first") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if code, _, errs = run("init", beside, "--github", "--namespace", "acme"); code != exitFailed || !strings.Contains(errs, "edit Pulumi.master.yaml") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

// checkWorkflows compares what was written with what the tests of workflows look at.
func checkWorkflows(t *testing.T, dir string) {
	t.Helper()
	_, want := workflows(t, operatorsFolder)
	_, got := workflows(t, filepath.Join(dir, ".github"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-embedded +written)\n%s", diff)
	}
}

func TestReleases(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"v0.1.0": true, "v1.22.333": true, "v1.0.0-rc.1": true, "v1.0.0-beta": true, "v1.0.0-alpha2": true,
		"": false, developmentVersion: false, "v1.0.0+dirty": false, "v0.0.0-20261124053652-0123456789ab": false,
		"v1.0.1-0.20261124053652-0123456789ab": false, "v1.0.0-rc.1.0.20261124053652-0123456789ab": false, "v1.0.1-0.20261124053652-0123456789ab+dirty": false,
	} {
		info, _ := released()
		info.Main.Version = version
		if _, got := goMod(info); got != want {
			t.Errorf("%q: a release is %t, not %t", version, got, want)
		}
	}
	info, _ := released()
	info.GoVersion = "devel go1.27-0123456789"
	if _, got := goMod(info); got {
		t.Error("a Go in development")
	}
}
