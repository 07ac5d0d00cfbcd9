package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/toolchain/internal/trim/trimtest"
)

// fixture is a toolchain on a machine that has nothing, whose go command is a
// script and where Pulumi's site answers 404.
type fixture struct {
	*toolchain
	out    string  // the environment file
	log    *buffer // what was reported
	goRuns string  // a file with a line for each run of the go command
	site   *http.ServeMux
}

// someSum is the checksum of plugins, which nobody here computes.
var someSum = strings.Repeat("0", 64)

func newFixture(t *testing.T) *fixture {
	t.Helper()
	root := t.TempDir()
	c, err := openCache(filepath.Join(root, "cache"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	log := &buffer{}
	f := &fixture{
		toolchain: &toolchain{
			source: sources(t, filepath.Join(root, "toolchain")),
			cache:  c,
			home:   filepath.Join(root, ".pulumi"),
			site: downloader{site: server.URL, client: server.Client(), stall: time.Minute, sums: checksums{
				archiveName(): someSum, pluginArchive("aws", pluginVersion): someSum, pluginArchive("docker", dockerVersion): someSum,
			}},
			turn:      &turn{},
			compiling: &sync.Mutex{},
			report:    &reporter{w: log, every: time.Hour, cores: 1},
		},
		out:    filepath.Join(root, "clone", ".toolchain", "env"),
		log:    log,
		goRuns: filepath.Join(root, "go-runs"),
		site:   mux,
	}
	f.goTool = fakeGo(t, root, f.goRuns)
	return f
}

// sources writes files with the names of the toolchain's.
func sources(t *testing.T, dir string) string {
	t.Helper()
	for _, name := range []string{
		"build.go", "services.go", "internal/trim/trim.go", "internal/trim/repair.go", "internal/trim/cli.go",
		"pulumi/go.mod", "pulumi/go.sum", "language-go/go.mod", "language-go/go.sum",
		"aws/main.go", "aws/macie/organizationconfiguration.go", "aws/tokens.json", "aws/go.mod", "aws/go.sum",
	} {
		writeFile(t, filepath.Join(dir, filepath.FromSlash(name)), "the content of "+name)
	}
	return dir
}

const provider = "github.com/hashicorp/terraform-provider-aws"

// fakeGo is a go command: `go list -m` says where a provider and a CLI in miniature are, and
// `go build` makes a script.
func fakeGo(t *testing.T, root, runs string) string {
	t.Helper()
	modules := filepath.Join(root, "modules")
	sources := filepath.Join(modules, filepath.FromSlash(provider))
	imports, calls := "", ""
	for _, service := range services {
		imports += fmt.Sprintf("import %q\n", provider+"/internal/service/"+service)
		calls += service + ".ServicePackage(ctx),\n"
	}
	writeFile(t, filepath.Join(sources, "internal/provider/service_packages_gen.go"),
		"package provider\n"+imports+"var all = []any{\n"+calls+"}\n")
	writeFile(t, filepath.Join(sources, "internal/conns/awsclient_gen.go"), "package conns\n")
	writeFile(t, filepath.Join(sources, "names/data/names_data.hcl"), "")
	writeFile(t, filepath.Join(modules, "github.com/aws/smithy-go/transport/http/internal/io/safe.go"),
		"package io\n\nfunc f() {\n\tif r.safeReadCloser.closed {\n\t\treturn 0, io.EOF\n\t}\n}\n")
	writeFile(t, filepath.Join(modules, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cloud/spec.go"),
		"package cloud\n\nimport \"github.com/pb33f/libopenapi\"\n\nfunc parseIndex() (any, error) { return libopenapi.NewDocument() }\n")
	writeFile(t, filepath.Join(modules, "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge/provider_mux.go"), trimtest.MixedIn)
	writeFile(t, filepath.Join(modules, "cloud.google.com/go/storage/grpc_dp.go"), trimtest.DirectPath)
	for _, module := range []string{"nbutton23", "ccojocar"} {
		dir := filepath.Join(modules, "github.com", module, "zxcvbn-go")
		writeFile(t, filepath.Join(dir, "matching/matching.go"),
			"package matching\n\nfunc init() {\n\tloadFrequencyList()\n}\n\nfunc loadFrequencyList() {\n}\n")
		writeFile(t, filepath.Join(dir, "frequency/frequency.go"), "package frequency\n\nfunc init() {\n\tmaleFilePath := 1\n}\n")
	}
	return script(t, filepath.Join(root, "go"), `
echo "$*" >>'`+runs+`'
case "$1 $2" in
"list -m") shift 3; for m; do printf '%s\t%s\tgo.mod\n' "$m" '`+modules+`'/"$m"; done; exit ;;
mod*|list*) exit ;;
esac
while [ "$1" != -o ]; do shift; done
mkdir -p "$(dirname "$2")"
echo '#!/bin/sh' >"$2"
chmod +x "$2"
`)
}

// script writes an executable shell script.
func script(t *testing.T, path, body string) string {
	t.Helper()
	// A process forked meanwhile would hold the file open, and running it
	// would fail with "text file busy".
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	writeFile(t, path, "#!/bin/sh\n"+body)
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu sync.Mutex
	s  string
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.s += string(p)
	return len(p), nil
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.s
}

// take returns what was written since the last call.
func (b *buffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.s
	b.s = ""
	return s
}

// unfinishedFolders returns what a run has left half done.
func (f *fixture) unfinishedFolders(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(f.cache.root, "*"+unfinished+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// mustContain fails the test unless s has all of want, in this order.
func mustContain(t *testing.T, s string, want ...string) {
	t.Helper()
	rest := s
	for _, w := range want {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("no %q, in this order, in:\n%s", w, s)
		}
		rest = after
	}
}

func TestEnsureBuildsAndThenDoesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	log := f.log.take()
	mustContain(t, log,
		"the Pulumi CLI and its Go language host: download failed: ", "404 Not Found; building from Go modules instead\n",
		"pulumi 3.259.0: built from Go modules in 0s (", "pulumi)\n",
		"pulumi-language-go 3.60.0: built from Go modules in 0s (",
		"toolchain ready: ")
	mustContain(t, log,
		"the AWS plugin: download failed: ", "404 Not Found; building from Go modules instead\n",
		"pulumi-resource-aws 6.83.2: built from Go modules in 0s (",
		"toolchain ready: pulumi 3.259.0, pulumi-language-go 3.60.0, pulumi-resource-aws 6.83.2; source "+f.out+"\n")
	env := readFile(t, f.out)
	mustContain(t, env,
		"export PATH=", "export PULUMI_HOME=", "PULUMI_CREDENTIALS_PATH='"+f.home+"'",
		"export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true", "export PULUMI_SKIP_UPDATE_CHECK=true")
	runs := readFile(t, f.goRuns)
	mustContain(t, runs, "mod download github.com/pulumi/pulumi/pkg/v3 ", "mod edit -replace=github.com/pulumi/pulumi/pkg/v3=./modules/github.com/pulumi/pulumi/pkg/v3 ",
		"list -overlay ", "/cmd/pulumi\n", "build -trimpath -ldflags=-s -w -X ", " -overlay ", "/cmd/pulumi\n",
		"build -trimpath -ldflags=-s -w -X ", "/pulumi-language-go\n")
	mustContain(t, runs, "mod download "+provider+" ", "mod edit -replace="+provider+"=./modules/"+provider+" ",
		"list -overlay ", " .\n", "build -trimpath -ldflags=-s -w -gcflags", " -overlay ", " .\n")

	if err := os.Remove(f.goRuns); err != nil {
		t.Fatal(err)
	}
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	if log = f.log.take(); strings.Count(log, "\n") != 1 || !strings.HasPrefix(log, "toolchain ready: ") {
		t.Errorf("the second run says more than that all is ready:\n%s", log)
	}
	if _, err := os.Stat(f.goRuns); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the second run has run the go command: %v", err)
	}
	if again := readFile(t, f.out); again != env {
		t.Errorf("the second run has written another file:\n%s\nwas:\n%s", again, env)
	}
}

func TestEnsureInAnotherClone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	f.log.take()
	f.source = sources(t, t.TempDir())
	f.goTool = filepath.Join(t.TempDir(), "no-such-go")
	if err := f.ensure(t.Context(), filepath.Join(t.TempDir(), "env")); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(),
		"pulumi 3.259.0: cached (", "pulumi-language-go 3.60.0: cached (", "pulumi-resource-aws 6.83.2: cached (", "toolchain ready: ")
}

func TestEnsureUsesWhatIsInstalled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bin := t.TempDir()
	script(t, filepath.Join(bin, cliProgram), "echo v3.201.0")
	script(t, filepath.Join(bin, hostProgram), "")
	script(t, filepath.Join(f.home, pluginProgram), "")
	f.path = []string{bin}
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(),
		"pulumi 3.201.0: installed (", "pulumi-language-go: installed (", "pulumi-resource-aws 6.83.2: installed (")
	if env := readFile(t, f.out); strings.Contains(env, "export") {
		t.Errorf("the environment is changed without need:\n%s", env)
	}
}

func TestEnsureAddsHostToInstalledCLI(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bin := t.TempDir()
	script(t, filepath.Join(bin, cliProgram), "echo v3.201.0")
	script(t, filepath.Join(f.home, pluginProgram), "")
	f.path = []string{bin}
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(), "pulumi-language-go 3.60.0: built from Go modules")
	env := readFile(t, f.out)
	mustContain(t, env, "export PATH='"+filepath.Join(f.cache.root, "language-go-3.60.0-"))
	if strings.Contains(env, "PULUMI_HOME") {
		t.Errorf("the user's own home isn't used any more:\n%s", env)
	}
}

func TestEnsureHasInstalledCLIDownloadThePlugin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bin := t.TempDir()
	script(t, filepath.Join(bin, cliProgram), `
if [ "$1" = version ]; then echo v3.201.0; exit; fi
[ "$*" = "plugin install resource aws v6.83.2 --checksum `+someSum+`" ] || exit 1
mkdir -p "$PULUMI_HOME/plugins/resource-aws-v6.83.2"
echo >"$PULUMI_HOME/plugins/resource-aws-v6.83.2/pulumi-resource-aws"
chmod +x "$PULUMI_HOME/plugins/resource-aws-v6.83.2/pulumi-resource-aws"
`)
	script(t, filepath.Join(bin, hostProgram), "")
	f.path = []string{bin}
	f.site.HandleFunc("/releases/plugins/", func(http.ResponseWriter, *http.Request) {})
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(), "pulumi-resource-aws 6.83.2: downloaded in 0s ("+f.home)
	if env := readFile(t, f.out); strings.Contains(env, "PULUMI_HOME") {
		t.Errorf("the user's own home isn't used any more:\n%s", env)
	}
}

func TestEnsureTellsWhyAnOldCLIIsNotUsed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := script(t, filepath.Join(t.TempDir(), cliProgram), "echo v3.199.9")
	f.path = []string{filepath.Dir(old)}
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(),
		"pulumi 3.259.0: built from Go modules in 0s, as "+old+" is 3.199.9 and 3.200.0 or a later 3.x is needed (")
}

func TestEnsureInAShellThatHasSourcedTheFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, f.out)
	cli, err := f.cliPart()
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := f.pluginPart(nil)
	if err != nil {
		t.Fatal(err)
	}
	f.path = outside(f.cache, []string{cli.build.dir, "relative", ""})
	if home := pulumiHome(f.cache, plugin.build.dir, filepath.Dir(f.home)); home != f.home {
		t.Errorf("pulumiHome = %s, want the user's own, %s", home, f.home)
	}
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	if after := readFile(t, f.out); after != before {
		t.Errorf("the file has become:\n%s\nwas:\n%s", after, before)
	}
}

func TestPulumiHomeOfTheUsersChoice(t *testing.T) {
	t.Parallel()
	c := cache{root: "/cache/toolchain"}
	for configured, want := range map[string]string{
		"":                        "/home/me/.pulumi",
		"/elsewhere":              "/elsewhere",
		"/cache/toolchain-other":  "/cache/toolchain-other",
		"/cache/toolchain/part-1": "/home/me/.pulumi",
	} {
		if got := pulumiHome(c, configured, "/home/me"); got != want {
			t.Errorf("pulumiHome(%q) = %s, want %s", configured, got, want)
		}
	}
}

func TestEnsureFailedBuild(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cli, err := f.cliPart()
	if err != nil {
		t.Fatal(err)
	}
	f.goTool = script(t, filepath.Join(t.TempDir(), "go"), `
case "$1 $PWD" in
"mod "*/work-aws) until [ -e '`+cli.build.dir+`' ]; do sleep 0.01; done; echo "no module proxy"; exit 1 ;;
esac
exec '`+f.goTool+`' "$@"`)
	err = f.ensure(t.Context(), f.out)
	var unprovided *unprovidedError
	if !errors.As(err, &unprovided) {
		t.Fatalf("error = %v, want an unprovidedError", err)
	}
	if want := "building the AWS plugin: go mod: exit status 1: no module proxy"; err.Error() != want {
		t.Errorf("error = %q, want %q", err, want)
	}
	if left := f.unfinishedFolders(t); left != nil {
		t.Errorf("it has left %v", left)
	}
	if _, err := os.Stat(f.out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an environment file was written: %v", err)
	}
	if _, ok := cli.find(); !ok {
		t.Error("the CLI, which was built before, isn't kept")
	}
	var b strings.Builder
	printFailure(&b, unprovided)
	mustContain(t, b.String(), "toolchain: building the AWS plugin", "--- the end of its output:\nno module proxy\n---\n", "run it again")
}

func TestEnsureInterrupted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	started := filepath.Join(t.TempDir(), "started")
	// Interrupted with the child that it waits for, as `go build` is.
	f.goTool = script(t, filepath.Join(t.TempDir(), "go"), "echo >'"+started+"'; sleep 60; echo >'"+started+"-more'")
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- f.ensure(ctx, f.out) }()
	waitFor(t, started)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	if left := f.unfinishedFolders(t); left != nil {
		t.Errorf("it has left %v", left)
	}
	if _, err := os.Stat(started + "-more"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the build went on: %v", err)
	}
	if log := f.log.take(); strings.Contains(log, "ready") {
		t.Errorf("it says:\n%s", log)
	}
}

// waitFor waits until file exists.
func waitFor(t *testing.T, file string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s didn't appear", file)
}

func TestTwoRunsBuildOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	unlock, err := f.cache.lock(t.Context(), func() { t.Error("waiting for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan error)
	for _, name := range []string{"env1", "env2"} {
		run := *f.toolchain
		run.turn = &turn{}
		go func() { results <- run.ensure(t.Context(), filepath.Join(filepath.Dir(f.out), name)) }()
	}
	for !strings.Contains(f.log.String(), "waiting for another run") {
		time.Sleep(5 * time.Millisecond)
	}
	unlock()
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if runs := strings.Count(readFile(t, f.goRuns), "\n"); runs != 11 {
		t.Errorf("the go command was run %d times, want 11:\n%s", runs, readFile(t, f.goRuns))
	}
}
