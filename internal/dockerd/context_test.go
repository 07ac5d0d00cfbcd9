package dockerd

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// addContext adds a context to a configuration of Docker's, as the docker command does.
func addContext(t *testing.T, dir, name, meta string, certs bool) (tlsDir string) {
	t.Helper()
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	folder := filepath.Join(dir, "contexts", "meta", id)
	must(t, os.MkdirAll(folder, 0o755))
	must(t, os.WriteFile(filepath.Join(folder, "meta.json"), []byte(meta), 0o600))
	tlsDir = filepath.Join(dir, "contexts", "tls", id, "docker")
	if certs {
		must(t, os.MkdirAll(tlsDir, 0o755))
		must(t, os.WriteFile(filepath.Join(tlsDir, "ca.pem"), nil, 0o600))
	}
	return tlsDir
}

// TestEnvironment goes the way of the docker command: DOCKER_HOST, DOCKER_CONTEXT, the
// context in use.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addContext(t, dir, "colima", `{"Name":"colima","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///Users/ada/.colima/default/docker.sock","SkipTLSVerify":false}}}`, false)
	certs := addContext(t, dir, "far", `{"Name":"far","Endpoints":{"docker":{"Host":"tcp://build:2376"}}}`, true)
	unverified := addContext(t, dir, "unverified", `{"Endpoints":{"docker":{"Host":"tcp://build:2376","SkipTLSVerify":true}}}`, true)
	addContext(t, dir, "cluster", `{"Endpoints":{"kubernetes":{"Host":"https://k8s"}}}`, false)
	addContext(t, dir, "broken", `{`, false)
	for name, c := range map[string]struct {
		config, host, context string
		want                  map[string]string
		err                   string
	}{
		"no configuration":        {},
		"the default context":     {config: `{"currentContext":"default"}`},
		"a context in use":        {config: `{"currentContext":"colima"}`, want: map[string]string{"DOCKER_HOST": "unix:///Users/ada/.colima/default/docker.sock"}},
		"an address comes first":  {config: `{"currentContext":"colima"}`, host: "tcp://here:1"},
		"another context":         {config: `{"currentContext":"colima"}`, context: "far", want: map[string]string{"DOCKER_HOST": "tcp://build:2376", "DOCKER_CERT_PATH": certs, "DOCKER_TLS_VERIFY": "1"}},
		"one that isn't verified": {context: "unverified", want: map[string]string{"DOCKER_HOST": "tcp://build:2376", "DOCKER_CERT_PATH": unverified}},
		"back to the default":     {config: `{"currentContext":"colima"}`, context: "default"},
		"not of Docker":           {context: "cluster"},
		"one that isn't there":    {config: `{"currentContext":"gone"}`, err: "Docker's context gone, which is in use"},
		"one that is broken":      {context: "broken", err: "Docker's context broken"},
		"a broken configuration":  {config: `{"currentContext":7}`, err: "currentContext in Docker's configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := t.TempDir()
			must(t, os.CopyFS(own, os.DirFS(dir)))
			if c.config != "" {
				must(t, os.WriteFile(filepath.Join(own, configFile), []byte(c.config), 0o600))
			}
			env := map[string]string{"DOCKER_CONFIG": own, "DOCKER_HOST": c.host, "DOCKER_CONTEXT": c.context}
			got, err := Environment(func(name string) string { return env[name] })
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("the error is %v", err)
			}
			if path, ok := got["DOCKER_CERT_PATH"]; ok {
				got["DOCKER_CERT_PATH"] = strings.Replace(path, own, dir, 1)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestHas asks a daemon for an image.
func TestHas(t *testing.T) {
	t.Parallel()
	handler := http.NewServeMux()
	handler.Handle("GET /version", engine(200, version20))
	handler.HandleFunc("GET /images/ghcr.io/acme/prod:1/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	handler.HandleFunc("GET /images/broken/json", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	d, err := findDaemon(t.Context(), []string{daemon(t, handler)}, clientTLS{})
	must(t, err)
	for name, want := range map[string]string{"ghcr.io/acme/prod:1": "true <nil>", "ghcr.io/acme/prod:2": "false <nil>", "broken": "false it answers 500 Internal Server Error"} {
		has, err := d.Has(t.Context(), name)
		if got := fmt.Sprintf("%t %v", has, err); got != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
}
