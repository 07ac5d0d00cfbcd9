package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/testprogram"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

func TestEmulatorEnvOverridesWhatLeadsToAWS(t *testing.T) {
	t.Parallel()
	got := emulatorEnv("http://127.0.0.1:5000", []string{
		"HOME=/home/me",
		"AWS_REGION=eu-west-1",
		"AWS_PROFILE=production",
		"AWS_ACCESS_KEY_ID=real",
		"AWS_SESSION_TOKEN=real",
		"AWS_CONFIG_FILE=/home/me/.aws/config",
		"AWS_ENDPOINT_URL_S3=https://s3.us-west-2.amazonaws.com",
		"AWS_ROLE_ARN=arn:aws:iam::123456789012:role/admin",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
		"TF_AWS_STS_ENDPOINT=https://sts.amazonaws.com",
	})
	want := map[string]string{
		"AWS_ENDPOINT_URL":                    "http://127.0.0.1:5000",
		"AWS_ACCESS_KEY_ID":                   "test",
		"AWS_SECRET_ACCESS_KEY":               "test",
		"AWS_SESSION_TOKEN":                   "",
		"AWS_PROFILE":                         "",
		"AWS_CONFIG_FILE":                     os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE":         os.DevNull,
		"AWS_EC2_METADATA_DISABLED":           "true",
		"AWS_ENDPOINT_URL_S3":                 "",
		"AWS_ROLE_ARN":                        "",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
		"TF_AWS_STS_ENDPOINT":                 "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestCheckEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:5000":                         "",
		"http://localhost:4566/":                        "",
		"https://emulator.ci.example":                   "",
		"http://[::1]:5000":                             "",
		"https://amazonaws.com.example":                 "",
		"https://organizations.us-east-1.amazonaws.com": "is AWS itself",
		"https://STS.AMAZONAWS.COM.:443":                "is AWS itself",
		"https://sts.cn-north-1.amazonaws.com.cn":       "is AWS itself",
		"https://lambda.us-west-2.api.aws":              "is AWS itself",
		"127.0.0.1:5000":                                "endpoint",
		"localhost:5000":                                "is no URL",
		"ftp://127.0.0.1":                               "is no URL",
		"http://":                                       "is no URL",
	} {
		err := checkEndpoint(endpoint)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", endpoint, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want one with %q", endpoint, err, want)
		}
	}
}

// identity answers like an emulator that takes any credentials.
func identity(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Server", "emulator/1")
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
}

func TestStartEmulatorUsesEndpoint(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(identity))
	defer server.Close()
	e, err := StartEmulator(t.Context(), EmulatorOptions{Endpoint: server.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	if e.Bare().Endpoint() != server.URL || e.Version() != "emulator/1" || e.PID() != 0 {
		t.Errorf("endpoint %s, version %s, process %d", e.Bare().Endpoint(), e.Version(), e.PID())
	}
	if got := aws.ToString(e.Config("eu-west-1").BaseEndpoint); got != e.Endpoint() || got == server.URL {
		t.Errorf("configuration leads to %s", got)
	}
	if err := e.Stop(); err != nil {
		t.Errorf("stopping what somebody else runs: %v", err)
	}
}

// TestRulesBeforeEveryEmulator: AWS's refusals hold without being asked for, once.
func TestRulesBeforeEveryEmulator(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(identity))
	defer server.Close()
	e, err := StartEmulator(t.Context(), EmulatorOptions{Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Stop() }()
	stranger := e.Config("us-east-1")
	stranger.Credentials = credentials.NewStaticCredentialsProvider("AKIASTRANGER", "x", "")
	if _, err := sts.NewFromConfig(stranger).GetCallerIdentity(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "InvalidClientTokenId") {
		t.Errorf("an unknown key: %v", err)
	}
	if calls := e.Calls(); calls.Refused != 1 {
		t.Errorf("the rules refused %d calls", calls.Refused)
	}
	again, err := StartEmulator(t.Context(), EmulatorOptions{Endpoint: e.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	if again.Endpoint() != e.Endpoint() {
		t.Errorf("an emulator with rules in front of it got others, at %s", again.Endpoint())
	}
	other := limits.Refusals()
	if _, err := StartEmulator(t.Context(), EmulatorOptions{Endpoint: e.Endpoint(), Front: &other}); err == nil || !strings.Contains(err.Error(), "in front of it already") {
		t.Errorf("other rules in front of an emulator that has some: %v", err)
	}
}

// IAM Identity Center is enabled by the rules of this process, for an organization that is there.
func TestEnableIdentityCenter(t *testing.T) {
	t.Parallel()
	behind := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(behind.Close)
	emulator := &Emulator{endpoint: behind.URL, bare: behind.URL}
	if err := emulator.EnableIdentityCenter(t.Context(), "eu-west-1"); err == nil || !strings.Contains(err.Error(), "coldstart emulator --identity-center eu-west-1") {
		t.Errorf("without rules: %v", err)
	}
	if err := emulator.putFront(proxy.Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = emulator.Stop() }()
	if err := emulator.EnableIdentityCenter(t.Context(), "eu-west-1"); err == nil || !strings.Contains(err.Error(), "no organization") {
		t.Errorf("without an organization: %v", err)
	}
}

func TestStartEmulatorRefuses(t *testing.T) {
	t.Parallel()
	realAWS := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>`)
	}))
	t.Cleanup(realAWS.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		options EmulatorOptions
		want    string
	}{
		"AWS":                 {EmulatorOptions{Endpoint: "https://sts.amazonaws.com"}, "is AWS itself"},
		"what checks keys":    {EmulatorOptions{Endpoint: realAWS.URL}, "is no emulator"},
		"nothing there":       {EmulatorOptions{Endpoint: gone.URL}, "doesn't answer"},
		"endpoint with image": {EmulatorOptions{Endpoint: gone.URL, Image: "motoserver/moto:5.2.5"}, "give one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := StartEmulator(t.Context(), c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestContainerArguments(t *testing.T) {
	t.Parallel()
	c := container{name: "coldstart-emulator-7-5001", image: "motoserver/moto:5.2.5", port: 5001}
	want := []string{"run", "--rm", "--name", "coldstart-emulator-7-5001", "--publish", "127.0.0.1:5001:5000", "--env", "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "--env", "MOTO_EC2_LOAD_DEFAULT_AMIS=false", "motoserver/moto:5.2.5"}
	if diff := cmp.Diff(want, c.runArgs()); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"stop", "--time", "3", "coldstart-emulator-7-5001"}, c.stopArgs()); diff != "" {
		t.Errorf("stop (-want +got):\n%s", diff)
	}
}

func TestMotoCommand(t *testing.T) {
	t.Parallel()
	cmd := motoCommand(t.Context(), "/cache/bin/python", 5001, os.Stdin)
	want := []string{"/cache/bin/python", "-I", "-u", "-c", motoServer, "-H", "127.0.0.1", "-p", "5001"}
	if diff := cmp.Diff(want, cmd.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if !slices.Contains(cmd.Env, "WERKZEUG_SERVER_FD=3") {
		t.Error("the command doesn't say which file is its socket")
	}
}

// shell runs a script as an emulator's server.
func shell(script string) func(context.Context) *exec.Cmd {
	return func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "sh", "-c", script)
		cmd.Cancel = func() error { return terminate(cmd) }
		return cmd
	}
}

func TestDeadServerSaysWhatItSaidLast(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	p, err := startProcess(t.Context(), EmulatorOptions{Log: &log}, shell("echo one; echo Address already in use >&2; exit 3"))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil { // Nobody answers there.
		t.Fatal(err)
	}
	err = p.awaitAnswer(t.Context(), fmt.Sprintf("http://127.0.0.1:%d", portOf(listener)))
	for _, want := range []string{"ended by itself", "exit status 3", "Address already in use"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if err := p.stop(); err == nil {
		t.Error("stopping a dead server doesn't say that it was dead")
	}
	if !strings.Contains(log.String(), "one\n") {
		t.Errorf("the log is %q", log.String())
	}
}

func TestStopEndsServer(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *process, cancel context.CancelFunc){
		"by Stop":    func(*process, context.CancelFunc) {},
		"by context": func(p *process, cancel context.CancelFunc) { cancel(); <-p.done },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p, err := startProcess(ctx, EmulatorOptions{Log: io.Discard}, shell("exec sleep 60"))
			if err != nil {
				t.Fatal(err)
			}
			end(p, cancel)
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			if p.cmd.ProcessState == nil {
				t.Error("the server runs on")
			}
		})
	}
}

func TestDetachedServerOutlivesContext(t *testing.T) {
	t.Parallel()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ctx, cancel := context.WithCancel(t.Context())
	p, err := startProcess(ctx, EmulatorOptions{Log: log, Detached: true}, shell("exec sleep 60"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-p.done:
		t.Error("the server ended with the context")
	case <-time.After(50 * time.Millisecond):
	}
	if p.cmd.Stdout != log {
		t.Error("the server writes through this process")
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestAwaitAnswerObeysContext(t *testing.T) {
	t.Parallel()
	p, err := startProcess(t.Context(), EmulatorOptions{Log: io.Discard}, shell("exec sleep 60"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.stop() }()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.awaitAnswer(ctx, "http://127.0.0.1:1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestTailKeepsLastLines(t *testing.T) {
	t.Parallel()
	output := &tail{to: io.Discard}
	for _, text := range []string{"first\n", strings.Repeat("more\n", 20), "la", "st\r\n"} {
		if _, err := io.WriteString(output, text); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(output.String(), "\n")
	if lines[0] != "; it said last:" || lines[len(lines)-1] != "last" || len(lines) != lastLines+1 {
		t.Errorf("kept %q", lines)
	}
}

func TestRequirementsArePinned(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(requirements) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), ";")
		if line != "" && !strings.HasPrefix(line, "#") && strings.Count(line, "==") != 1 {
			t.Errorf("%q isn't pinned", line)
		}
	}
	if got := motoVersion(requirements); got != "moto 5.2.5" {
		t.Errorf("version %q", got)
	}
}

func TestEnvironmentKeyChangesWithWhatGoesIn(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, key := range []string{
		environmentKey("moto==5.2.5\n", "3.11.7 cpython-311"),
		environmentKey("moto==5.2.6\n", "3.11.7 cpython-311"),
		environmentKey("moto==5.2.5\n", "3.12.1 cpython-312"),
	} {
		keys[key] = true
	}
	if len(keys) != 3 || !keys[environmentKey("moto==5.2.5\n", "3.11.7 cpython-311")] {
		t.Errorf("keys %v", keys)
	}
}

// fakePython puts a python3 first on the PATH that makes virtual environments
// whose pip does what the script says.
func fakePython(t *testing.T, pip string) {
	t.Helper()
	dir := t.TempDir()
	const script = `#!/bin/sh
case "$*" in
*"-m venv "*)
	for target; do :; done
	mkdir -p "$target/bin"
	printf '#!/bin/sh\n%s\n' '@PIP@' > "$target/bin/python"
	chmod +x "$target/bin/python" ;;
*) echo 3.11.7 fake ;;
esac
`
	testprogram.Write(t, filepath.Join(dir, "python3"), strings.Replace(script, "@PIP@", pip, 1))
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// entries returns the names in a cache's folder, the lock aside.
func entries(t *testing.T, cache string) []string {
	t.Helper()
	found, err := os.ReadDir(filepath.Join(cache, "emulator"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range found {
		if entry.Name() != "lock" {
			names = append(names, entry.Name())
		}
	}
	return names
}

func TestVirtualEnvironmentIsMadeOnce(t *testing.T) {
	fakePython(t, "exit 0")
	cache, key := t.TempDir(), environmentKey(requirements, "3.11.7 fake")
	// What a killed run has left.
	half := filepath.Join(cache, "emulator", key+unfinishedMark+"1")
	if err := os.MkdirAll(filepath.Join(half, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	var progress []string
	o := EmulatorOptions{CacheDir: cache, Log: io.Discard, Progress: func(s string) { progress = append(progress, s) }}
	for range 2 {
		python, err := virtualEnvironment(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(cache, "emulator", key, "bin", "python"); python != want {
			t.Errorf("Python %s, want %s", python, want)
		}
	}
	if len(progress) != 1 || !strings.Contains(progress[0], "installing the emulator (moto 5.2.5)") {
		t.Errorf("progress %q", progress)
	}
	if diff := cmp.Diff([]string{key}, entries(t, cache)); diff != "" {
		t.Errorf("cache (-want +got):\n%s", diff)
	}
}

func TestVirtualEnvironmentWithoutItsPythonIsMadeAgain(t *testing.T) {
	fakePython(t, "exit 0")
	cache := t.TempDir()
	dir := filepath.Join(cache, "emulator", environmentKey(requirements, "3.11.7 fake"))
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(cache, "uninstalled"), pythonIn(dir)); err != nil {
		t.Fatal(err)
	}
	o := EmulatorOptions{CacheDir: cache, Log: io.Discard, Progress: func(string) {}}
	if _, err := virtualEnvironment(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if !usable(dir) {
		t.Error("the virtual environment has no Python")
	}
}

func TestFailedInstallLeavesNothing(t *testing.T) {
	fakePython(t, "echo No matching distribution found; exit 1")
	cache := t.TempDir()
	o := EmulatorOptions{CacheDir: cache, Log: io.Discard, Progress: func(string) {}}
	_, err := virtualEnvironment(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "No matching distribution found") {
		t.Errorf("error %v doesn't say what pip said", err)
	}
	if left := entries(t, cache); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

func TestMissingAndOldPython(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"missing": {"", "executable file not found"},
		"old":     {"#!/bin/sh\necho 'it is Python 3.9' >&2\nexit 1\n", "it is Python 3.9"},
		"no venv": {"#!/bin/sh\necho 'it has no module ensurepip' >&2\nexit 1\n", "ensurepip"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.script != "" {
				testprogram.Write(t, filepath.Join(dir, "python3"), c.script)
			}
			t.Setenv("PATH", dir)
			_, err := findPython(t.Context())
			for _, want := range []string{c.want, "Python 3.10 or later"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want one with %q", err, want)
				}
			}
		})
	}
}

func TestLockFileWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockFile(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := lockFile(ctx, path, func() {}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second lock: %v", err)
	}
	unlock()
	again, err := lockFile(t.Context(), path, func() {})
	if err != nil {
		t.Fatal(err)
	}
	again()
}
