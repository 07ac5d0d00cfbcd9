package doctor

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/dockerd"
)

func TestDockerVersionIsTheSDKs(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../go.mod")
	must(t, err)
	asked := regexp.MustCompile(`github\.com/pulumi/pulumi-docker/sdk/v4 v(\S+)`).FindSubmatch(mod)
	if asked == nil || string(asked[1]) != dockerd.PluginVersion {
		t.Errorf("go.mod asks for %s, and doctor looks for %s", asked, dockerd.PluginVersion)
	}
}

// daemon starts a server that answers like Docker's daemon when it is asked for its version.
func daemon(t *testing.T) (address string) {
	t.Helper()
	// The path of a Unix socket has at most about 100 bytes, and t.TempDir's may be longer.
	dir, err := os.MkdirTemp("", "doctor")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "docker.sock")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Version":"20.10.24","ApiVersion":"1.41","Os":"linux"}`)
	})}}
	server.Start()
	t.Cleanup(server.Close)
	return "unix://" + socket
}

func checkFinding(t *testing.T, findings []Finding, status Status, wants ...string) {
	t.Helper()
	if len(findings) != 1 || findings[0].Status != status {
		t.Fatalf("got %+v, not one %s", findings, status)
	}
	text := findings[0].Found + "\n" + findings[0].Remedy
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestImageChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.environment(map[string]string{"DOCKER_HOST": daemon(t), "DOCKER_CERT_PATH": "", "DOCKER_TLS_VERIFY": "", "DOCKER_CONFIG": t.TempDir()})
	look := func() map[string][]Finding {
		findings := map[string][]Finding{}
		for _, c := range (&examiner{org: w.org, options: w.options}).imageChecks() {
			findings[c.name] = c.run(t.Context())
		}
		return findings
	}

	got := look()
	checkFinding(t, got["Docker daemon"], OK, "version 20.10.24")
	checkFinding(t, got["Pulumi in images"], Warning, "pulumi-v3.259.0-linux-x64.tar.gz", "docs/first-real-run.md")
	checkFinding(t, got["Docker plugin"], Warning, "version 4.10.0 isn't in", "downloads it", "pulumi plugin install resource docker v4.10.0", "coldstart:image out of")

	w.environment(map[string]string{"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true", "DOCKER_HOST": "unix:///nowhere"})
	got = look()
	checkFinding(t, got["Docker daemon"], Failure, "unix:///nowhere")
	checkFinding(t, got["Docker plugin"], Failure, "keeps Pulumi from downloading", "make toolchain", "coldstart:image out of")

	w.file(t, filepath.Join(w.options.Dir, "plugins/resource-docker-v4.10.0/pulumi-resource-docker"), "")
	checkFinding(t, look()["Docker plugin"], OK, "version 4.10.0, in "+w.options.Dir)
}
