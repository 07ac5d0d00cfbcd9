package automation

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/organization"
)

const (
	imageURN    = "urn:pulumi:prod::coldstart::coldstart:toolbox:Image$docker:index/image:Image::image"
	providerURN = "urn:pulumi:prod::coldstart::pulumi:providers:docker::docker"
)

// withImage is a state with an image.
func withImage() *apitype.DeploymentV3 {
	return &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		{URN: "urn:pulumi:prod::coldstart::pulumi:pulumi:Stack::coldstart-prod", Type: resource.RootStackType, Outputs: map[string]any{"accountId": "1"}},
		{URN: "urn:pulumi:prod::coldstart::coldstart:toolbox:Image::image", Type: "coldstart:toolbox:Image"},
		{URN: providerURN, Type: "pulumi:providers:docker", Custom: true, ID: "7"},
		{URN: imageURN, Type: "docker:index/image:Image", Custom: true, ID: "ghcr.io/acme/prod.acme.example:0a1b", Provider: providerURN + "::7"},
		{URN: "urn:pulumi:prod::coldstart::aws:ecr/repository:Repository::images", Type: "aws:ecr/repository:Repository", Custom: true, ID: "prod"},
	}}
}

// Images leave the state without the plugin, which wants a daemon and deletes nothing.
func TestForgetImages(t *testing.T) {
	t.Parallel()
	d := withImage()
	d.PendingOperations = []apitype.OperationV2{
		{Type: apitype.OperationTypeUpdating, Resource: d.Resources[3]},
		{Type: apitype.OperationTypeCreating, Resource: d.Resources[4]},
	}
	names := forgetImages(d)
	if diff := cmp.Diff([]string{"ghcr.io/acme/prod.acme.example:0a1b"}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var left []string
	for _, r := range d.Resources {
		left = append(left, string(r.Type))
	}
	if diff := cmp.Diff([]string{"pulumi:pulumi:Stack", "coldstart:toolbox:Image", "aws:ecr/repository:Repository"}, left); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(d.PendingOperations) != 1 || d.PendingOperations[0].Type != apitype.OperationTypeCreating {
		t.Errorf("pending: %v", d.PendingOperations)
	}
	if forgetImages(d) != nil {
		t.Error("images were found where none is")
	}
}

// A build that was under way when a run was killed is no matter of AWS's.
func TestForgetBuilds(t *testing.T) {
	t.Parallel()
	d := withImage()
	for _, op := range []apitype.OperationType{apitype.OperationTypeCreating, apitype.OperationTypeUpdating} {
		d.PendingOperations = append(d.PendingOperations, apitype.OperationV2{Type: op, Resource: d.Resources[3]})
	}
	s := &stack{a: fake(t), name: "prod", shared: &shared{}}
	if changed, err := s.resolve(t.Context(), d, nil, nil); err != nil || !changed || len(d.PendingOperations) != 0 || len(d.Resources) != 5 {
		t.Errorf("changed %t, %v; left: %v", changed, err, d.PendingOperations)
	}
}

// What a destroy leaves in a daemon and a registry is said, and isn't counted as deleted. A
// repository of ECR is deleted with its images.
func TestDestructionOfImages(t *testing.T) {
	t.Parallel()
	for registry, want := range map[string]int{"ghcr.io/acme": 1, organization.RegistryECR: 0} {
		s := &stack{a: fake(t), name: "prod", shared: &shared{}}
		s.a.org.Image = &organization.Image{Registry: registry, Push: true}
		d := withImage()
		d.Resources = d.Resources[:4]
		got, err := s.destruction(t.Context(), d)
		if err != nil || got.Deleted != 0 || len(got.Kept) != want || want > 0 && !strings.Contains(got.Kept[0], "ghcr.io/acme/prod.acme.example:0a1b") {
			t.Errorf("%s: %+v, %v", registry, got, err)
		}
	}
}

// diagnosed tells a watcher what the engine says while it builds an image.
func diagnosed(w *watcher, severity string, texts ...string) {
	for _, text := range texts {
		w.diagnostic(&apitype.DiagnosticEvent{URN: imageURN, Severity: severity, Message: "<{%reset%}>" + text + "<{%reset%}>\n", Ephemeral: severity == "info"})
	}
}

// A build that failed ends with what its last program printed, which Pulumi shows as
// information and forgets.
func TestFailedBuild(t *testing.T) {
	t.Parallel()
	w := &watcher{stack: &stack{shared: &shared{}}}
	w.begin()
	for range 100 {
		diagnosed(w, "info", "Step 2/20 : long ago")
	}
	diagnosed(w, "info", "digest: sha256:0a\n[2/6] RUN apt-get install --yes nosuch",
		"sha256:5f 12.3MB\n", "E: Unable to locate package nosuch\nW: a second line", "error: process failed\n")
	diagnosed(w, "error", `process "/bin/sh -c apt-get install" did not complete successfully: exit code: 100`)
	got := w.cause(io.ErrUnexpectedEOF).Error()
	head, tail, _ := strings.Cut(got, "\n    | ")
	if !strings.HasPrefix(head, `image (docker:index/image:Image): process "/bin/sh -c apt-get install" did not`) {
		t.Errorf("it begins with %s", head)
	}
	lines := strings.Split(tail, "\n    | ")
	if len(lines) > 20 || !strings.HasSuffix(tail, "[2/6] RUN apt-get install --yes nosuch\n    | E: Unable to locate package nosuch\n    | W: a second line") {
		t.Errorf("it ends with %s", tail)
	}
	// Another attempt begins anew.
	w.begin()
	diagnosed(w, "error", "no such host")
	if again := w.cause(io.EOF).Error(); strings.Contains(again, "nosuch") {
		t.Error(again)
	}
}

// What a program printed in a build isn't a fault of AWS's that passes by itself.
func TestFailedBuildStays(t *testing.T) {
	t.Parallel()
	w := &watcher{stack: &stack{shared: &shared{}}}
	w.begin()
	diagnosed(w, "info", "/bin/sh: syntax error: unexpected EOF")
	diagnosed(w, "error", "process did not complete successfully: exit code: 2")
	if err := w.cause(io.ErrUnexpectedEOF); passes(err) {
		t.Errorf("it passes: %v", err)
	}
	for text, want := range map[string]bool{
		"EOF\n: This error is most likely due to incorrect or mismatched registry credentials": false,
		"Get https://ghcr.io/v2/: read: connection reset by peer":                              true,
	} {
		w.begin()
		diagnosed(w, "error", text)
		if err := w.cause(io.ErrUnexpectedEOF); passes(err) != want {
			t.Errorf("passes %t: %v", !want, err)
		}
	}
}

// An image that couldn't be built isn't looked for in AWS.
func TestFailedImageIsNotLost(t *testing.T) {
	t.Parallel()
	w := &watcher{failed: []apitype.StepEventMetadata{{
		Op: apitype.OpCreate, URN: imageURN, Type: "docker:index/image:Image",
		New: &apitype.StepEventStateMetadata{Type: "docker:index/image:Image", Custom: true, Inputs: map[string]any{"imageName": "a"}},
	}}}
	if lost := w.lostCreations(); len(lost) != 0 {
		t.Errorf("lost: %+v", lost)
	}
}

// engine is a daemon that has one image; the address is for DOCKER_HOST.
func engine(t *testing.T) (address string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "coldstart")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "docker.sock")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	must(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Version":"28.0.1","Os":"linux"}`)
	})
	mux.HandleFunc("GET /images/ghcr.io/acme/there:1/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux}} //nolint:gosec // The test's own.
	server.Start()
	t.Cleanup(server.Close)
	return "unix://" + socket
}

// An image that is on this machine only and that somebody has removed is said to be gone:
// the plugin never looks.
func TestImageIsGone(t *testing.T) {
	t.Parallel()
	address := engine(t)
	for name, want := range map[string]bool{"ghcr.io/acme/there:1": false, "ghcr.io/acme/gone:1": true} {
		var said []string
		s := &stack{a: fake(t), name: "prod", shared: &shared{events: newQueue(func(e Event) { said = append(said, e.Message) })}}
		s.a.options.Env = map[string]string{"DOCKER_HOST": address}
		s.a.org.Image = &organization.Image{}
		image := withImage().Resources[3]
		image.ID = resource.ID(name)
		s.missImage(t.Context(), &image)
		s.events.close()
		if got := len(said) == 1 && strings.Contains(said[0], name) && strings.Contains(said[0], "--replace '"+imageURN+"'"); got != want {
			t.Errorf("%s: said %v", name, said)
		}
	}
}

// Whether there is a daemon and a plugin is found out before the first stack runs.
func TestDockerIsFoundFirst(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a := fake(t)
	a.options.Env = map[string]string{
		"DOCKER_HOST": "unix:///nowhere/docker.sock", "PULUMI_HOME": home, "PATH": t.TempDir(), "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
	}
	check := func(want string) {
		t.Helper()
		err := a.findDocker(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	check("") // Nothing is built.
	a.org.Image = &organization.Image{}
	check("no Docker daemon answers")
	a.options.Env["DOCKER_HOST"] = engine(t)
	check("pulumi plugin install resource docker v4.10.0")
	plugin := filepath.Join(home, "plugins", "resource-docker-v4.10.0", "pulumi-resource-docker")
	must(t, os.MkdirAll(filepath.Dir(plugin), 0o755))
	must(t, os.WriteFile(plugin, nil, 0o755))
	check("")
	delete(a.options.Env, "PULUMI_HOME")
	a.options.Env["PATH"] = filepath.Dir(plugin)
	check("")
	a.options.Env["AWS_ENDPOINT_URL"], a.options.Env["DOCKER_HOST"] = "http://127.0.0.1:1", "unix:///nowhere/docker.sock"
	check("") // Images aren't built against an emulator unless that is asked for.
	a.options.EmulatorImages = true
	check("no Docker daemon answers")
	a.org.Image.Registry = organization.RegistryECR
	check("") // An emulator's registry takes no images.
}

// Pulumi's plugin is led to the daemon of Docker's context.
func TestDockerEnvironment(t *testing.T) {
	t.Parallel()
	a := fake(t)
	a.org.Image = &organization.Image{}
	a.options.Env = map[string]string{"DOCKER_CONTEXT": "none", "DOCKER_CONFIG": t.TempDir(), "DOCKER_HOST": "", "A": "b"}
	if _, err := a.withDocker(a.options.Env); err == nil || !strings.Contains(err.Error(), "context none") {
		t.Errorf("%v", err)
	}
	a.options.Env["DOCKER_HOST"] = "tcp://build:2376"
	env, err := a.withDocker(a.options.Env)
	if diff := cmp.Diff(a.options.Env, env); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}
