package rehearsal

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// TestImagesOfRehearsal builds images where that is possible, never pushes them, and names
// what is left out.
func TestImagesOfRehearsal(t *testing.T) {
	t.Parallel()
	docker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Version":"28.0.1","Os":"linux"}`)
	}))
	t.Cleanup(docker.Close)
	there := strings.Replace(docker.URL, "http://", "tcp://", 1)
	home := t.TempDir()
	plugin := filepath.Join(home, "plugins", "resource-docker-v4.10.0", "pulumi-resource-docker")
	if err := os.MkdirAll(filepath.Dir(plugin), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plugin, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kill, err := faults.Parse("call=1:kill-coldstart")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		image   *organization.Image
		host    string
		home    string
		faults  faults.Plan
		built   bool
		omitted string
	}{
		"none":           {},
		"built":          {image: &organization.Image{Registry: "ghcr.io/acme"}, host: there, home: home, built: true},
		"not pushed":     {image: &organization.Image{Registry: "ghcr.io/acme", Push: true}, host: there, home: home, built: true, omitted: "pushed to ghcr.io/acme"},
		"no daemon":      {image: &organization.Image{}, host: "unix:///nowhere/docker.sock", home: home, omitted: "no Docker daemon answers"},
		"no plugin":      {image: &organization.Image{}, host: there, home: t.TempDir(), omitted: "v4.10.0 isn't installed"},
		"ECR":            {image: &organization.Image{Registry: organization.RegistryECR, Push: true}, host: there, home: home, omitted: "the emulator's registry takes none"},
		"killed midway":  {image: &organization.Image{}, host: there, home: home, faults: kill, omitted: "coldstart of its own"},
		"broken context": {image: &organization.Image{}, home: home, omitted: "Docker's context none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := &organization.Organization{Image: c.image}
			machine := map[string]string{"DOCKER_HOST": c.host, "PULUMI_HOME": c.home, "PATH": t.TempDir(), "DOCKER_CONTEXT": "none", "DOCKER_CONFIG": c.home}
			env := withhold([]string{"DOCKER_HOST=" + c.host}, passedVariables)
			images, omitted := (&Options{Faults: c.faults}).images(t.Context(), org, func(name string) string { return machine[name] }, env)
			if c.built && env["DOCKER_HOST"] != c.host {
				t.Errorf("Pulumi looks for the daemon at %q, not at %q", env["DOCKER_HOST"], c.host)
			}
			if images.built != c.built || images.built && images.org.Image.Push || (len(omitted) > 0) != (c.omitted != "") {
				t.Errorf("%+v, omitted %q", images, omitted)
			}
			if len(omitted) > 0 && !strings.Contains(omitted[0], c.omitted) {
				t.Errorf("omitted: %s", omitted[0])
			}
			if c.image != nil && c.image.Push != org.Image.Push {
				t.Error("the organization itself was changed")
			}
		})
	}
}
