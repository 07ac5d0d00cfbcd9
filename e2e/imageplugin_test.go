//go:build e2e

package e2e

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"github.com/coldstart-aws/coldstart/automation"
)

// withPlugin declares an organization; the placeholder is for images that are pushed to the
// test's registry.
const withPlugin = `
config:
  coldstart:namespace: i
  coldstart:domain: i.example.org
  coldstart:region: eu-west-1
  coldstart:email: i-%%s@example.org
  coldstart:accounts: { lab: {} }
  coldstart:audit: none
  coldstart:guardrails: { regions: [eu-west-1] }
%s`

// TestImagesByPlugin creates, changes and destroys images with the real engine, a real daemon
// and a real registry. It uses the test's own plugin, which replaces Pulumi's, and Pulumi's
// plugin where that is installed. docs/images.md says what both have to do.
func TestImagesByPlugin(t *testing.T) {
	t.Parallel()
	d := newDocker(t)
	d.tiny("coldstart-test-base:tiny")
	binaries := buildPlugin(t)
	plugins := map[string]string{"ours": filepath.Join(binaries, "docker")}
	if official := officialPlugin(t); official != "" {
		plugins["Pulumi's"] = official
	}
	for name, plugin := range plugins {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			imagesBy(t, plugin, startRegistry(t, filepath.Join(binaries, "registry")))
		})
	}
}

func imagesBy(t *testing.T, plugin, registry string) {
	d := &docker{t}
	t.Cleanup(func() {
		left := strings.Fields(d.ok("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference="+registry+"/acme/*"))
		d.ok(append([]string{"rmi", "--force"}, left...)...)
	})
	image := func(more string) string {
		return fmt.Sprintf(withPlugin, `  coldstart:image: { base: "coldstart-test-base:tiny", registry: "`+registry+`/acme", push: true`+more+" }\n")
	}
	w := newWorld(t, image(""))
	w.env["PULUMI_HOME"] = pluginHome(t, plugin)
	w.env["DOCKER_CONFIG"] = t.TempDir()
	w.images(registry)

	// Without a login, both images fail, and nothing else does.
	result, err := w.imageAutomation().Up(context.Background())
	must(t, err)
	for _, s := range result.Stacks {
		if s.Status != automation.StatusFailed {
			t.Fatalf("%s: %s", s.Stack, s.Status)
		}
		contains(t, s.Err.Error(), "image (docker:index/image:Image): ", "`docker login`")
	}
	login := base64.StdEncoding.EncodeToString([]byte("ada:secret"))
	must(t, os.WriteFile(filepath.Join(w.env["DOCKER_CONFIG"], "config.json"), []byte(`{"auths":{"`+registry+`":{"auth":"`+login+`"}}}`), 0o600))
	if made := w.imagesUp(); made.Changes()["create"] != 2 {
		t.Errorf("more than the images was missing: %s", made.Changes())
	}
	first := pushed(t, registry, "lab.i.example.org")
	contains(t, d.ok("run", "--rm", "--network=none", "--entrypoint=/bin/busybox", registry+"/acme/lab.i.example.org:"+first[0], "env"), "ACCOUNT=lab\n", "NAMESPACE=i\n")

	// A machine with another address of the daemon sees no changes.
	elsewhere := filepath.Join(t.TempDir(), "d.sock")
	must(t, os.Symlink(strings.TrimPrefix(d.socket(), "unix://"), elsewhere))
	w.env["DOCKER_HOST"] = "unix://" + elsewhere
	if again := w.imagesUp(); again.Changes().Changed() != 0 {
		t.Errorf("another up changed something: %s", again.Changes())
	}

	// A build that fails says why. After a change, the image is built again.
	w.declare(image(", packages: [nosuch]"))
	result, err = w.imageAutomation().Up(context.Background(), "lab")
	must(t, err)
	contains(t, result.Err().Error(), "E: Unable to locate package nosuch", "exit code: 100")
	w.declare(image(", packages: [jq]"))
	if changed := w.imagesUp(); changed.Changes()["update"] != 2 || changed.Changes().Changed() != 2 {
		t.Errorf("the images weren't updated alone: %s", changed.Changes())
	}
	second := pushed(t, registry, "lab.i.example.org")
	if len(second) != 2 {
		t.Errorf("the registry has %v after %v", second, first)
	}

	// Nothing from here on needs a daemon.
	w.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
	refreshed, err := w.imageAutomation().Refresh(context.Background())
	must(t, err)
	must(t, refreshed.Err())
	w.declare(fmt.Sprintf(withPlugin, ""))
	preview, err := w.imageAutomation().Preview(context.Background())
	must(t, err)
	must(t, preview.Err())
	// Without images, each stack deletes the component that holds its image.
	if changes := preview.Changes(); changes["delete"] != 2 || changes.Changed() != 2 {
		t.Errorf("a preview without images shows %s", changes)
	}
	w.imagesUp("master")
	destroyed, err := w.imageAutomation().Destroy(context.Background(), automation.DestroyOptions{Unprotect: true}, "lab")
	must(t, err)
	must(t, destroyed.Err())
	if kept := destroyed.Stacks[0].Kept; !slices.ContainsFunc(kept, func(k string) bool { return strings.HasPrefix(k, "image "+registry+"/acme/lab.") }) {
		t.Errorf("the destroy of lab keeps %q", kept)
	}
	if left := pushed(t, registry, "lab.i.example.org"); len(left) != 2 {
		t.Errorf("the registry has %v", left)
	}
}

// images checks that a preview shows both images and pushes none.
func (w *world) images(registry string) {
	w.t.Helper()
	result, err := w.imageAutomation().Preview(context.Background())
	must(w.t, err)
	must(w.t, result.Err())
	for _, s := range result.Stacks {
		if !slices.ContainsFunc(s.Steps, func(s automation.Step) bool { return s.Operation == "create" && s.Type == "docker:index/image:Image" }) {
			w.t.Errorf("the preview of %s has no image", s.Stack)
		}
	}
	if tags := pushed(w.t, registry, "lab.i.example.org"); len(tags) > 0 {
		w.t.Errorf("the preview pushed %v", tags)
	}
}

func (w *world) imageAutomation() *automation.Automation {
	w.t.Helper()
	a, err := automation.New(w.organization(), automation.Options{
		Dir: w.dir, Env: w.env, SecretsProvider: w.secrets, OnEvent: w.log, EmulatorImages: true,
	})
	must(w.t, err)
	return a
}

func (w *world) imagesUp(stacks ...string) *automation.Result {
	w.t.Helper()
	result, err := w.imageAutomation().Up(context.Background(), stacks...)
	must(w.t, err)
	must(w.t, result.Err())
	return result
}

// buildPlugin builds the plugin and the registry, and tests the plugin. It returns the folder
// with both programs.
func buildPlugin(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{{"build", "-o", dir + "/", ".", "./registry"}, {"test", "."}} {
		build := exec.Command("go", args...)
		build.Dir = "../toolchain/docker"
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return dir
}

// officialPlugin returns Pulumi's Docker plugin; empty if it isn't installed.
func officialPlugin(t *testing.T) string {
	t.Helper()
	own, err := workspace.GetPulumiPath(workspace.PluginDir)
	must(t, err)
	home, err := os.UserHomeDir()
	must(t, err)
	for _, dir := range []string{own, filepath.Join(home, ".pulumi", workspace.PluginDir)} {
		plugin := filepath.Join(dir, "resource-docker-v4.10.0", "pulumi-resource-docker")
		if _, err := os.Stat(plugin); err == nil {
			return plugin
		}
	}
	return ""
}

// pluginHome returns a PULUMI_HOME with the toolchain's AWS plugin and the given Docker plugin.
func pluginHome(t *testing.T, plugin string) string {
	t.Helper()
	home := t.TempDir()
	own, err := workspace.GetPulumiPath(workspace.PluginDir)
	must(t, err)
	aws, err := filepath.Glob(filepath.Join(own, "resource-aws-v*", "pulumi-resource-aws"))
	must(t, err)
	for _, program := range append(aws, plugin) {
		name := filepath.Join("resource-docker-v4.10.0", "pulumi-resource-docker")
		if program != plugin {
			name = filepath.Join(filepath.Base(filepath.Dir(program)), "pulumi-resource-aws")
		}
		link := filepath.Join(home, workspace.PluginDir, name)
		must(t, os.MkdirAll(filepath.Dir(link), 0o700))
		must(t, os.Symlink(program, link))
	}
	must(t, os.WriteFile(filepath.Join(home, "logs"), nil, 0o600)) // rehearsal.Home does the same.
	return home
}

// startRegistry starts a registry that ends with the test. It returns the registry's address.
func startRegistry(t *testing.T, program string) string {
	t.Helper()
	registry := exec.Command(program)
	stdin, err := registry.StdinPipe()
	must(t, err)
	stdout, err := registry.StdoutPipe()
	must(t, err)
	must(t, registry.Start())
	t.Cleanup(func() {
		must(t, stdin.Close())
		must(t, registry.Wait())
	})
	address, err := bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	return strings.TrimSpace(address)
}

// pushed returns the tags of an account's image in the registry.
func pushed(t testing.TB, registry, name string) (tags []string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+registry+"/v2/acme/"+name+"/tags/list", nil)
	must(t, err)
	request.SetBasicAuth("ada", "secret")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode == http.StatusNotFound {
		return nil
	}
	_, list, _ := strings.Cut(string(content), `"tags":[`)
	list, _, _ = strings.Cut(list, "]")
	return strings.Split(strings.ReplaceAll(list, `"`, ""), ",")
}

// socket returns the address of the Docker daemon.
func (d *docker) socket() string {
	d.t.Helper()
	return strings.TrimSpace(d.ok("context", "inspect", "--format", "{{.Endpoints.docker.Host}}"))
}

// tiny creates a base image of a few programs. Its apt-get installs nothing, and fails only for
// a package named nosuch. Its pulumi does nothing.
func (d *docker) tiny(name string) {
	d.t.Helper()
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		d.t.Skipf("NOT TESTED: images by a plugin, since there is no busybox to make a base image of (.ci/docker installs it): %v", err)
	}
	program, err := os.ReadFile(busybox)
	must(d.t, err)
	var archive bytes.Buffer
	files := tar.NewWriter(&archive)
	add := func(name, content string, mode int64) {
		must(d.t, files.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content))}))
		_, err := io.WriteString(files, content)
		must(d.t, err)
	}
	add("bin/busybox", string(program), 0o755)
	for _, applet := range []string{"sh", "bash", "rm", "mkdir", "chmod", "cat", "id", "printf"} {
		must(d.t, files.WriteHeader(&tar.Header{Name: "bin/" + applet, Linkname: "busybox", Typeflag: tar.TypeSymlink}))
	}
	add("etc/passwd", "root:x:0:0::/root:/bin/sh\ntoolbox:x:1000:1000::/home/toolbox:/bin/sh\n", 0o644)
	add("bin/useradd", "#!/bin/sh\nmkdir -p /home/toolbox\n", 0o755)
	add("bin/pulumi", "#!/bin/sh\n", 0o755)
	add("bin/apt-get", "#!/bin/sh\ncase \"$*\" in *nosuch*) echo 'E: Unable to locate package nosuch'; exit 100 ;; esac\n", 0o755)
	must(d.t, files.Close())
	load := exec.Command("docker", "import", "-", name)
	load.Stdin = &archive
	if out, err := load.CombinedOutput(); err != nil {
		d.t.Fatalf("docker import: %v\n%s", err, out)
	}
}
