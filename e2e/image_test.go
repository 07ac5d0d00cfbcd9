//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// withImages declares images for three accounts, one of which has a network.
const withImages = `
config:
  coldstart:namespace: q
  coldstart:domain: q.example.org
  coldstart:region: eu-west-1
  coldstart:email: q-%s@example.org
  coldstart:accounts:
    shop: { network: 10.1.0.0/16 }
    lab: {}
  coldstart:audit: none
  coldstart:image: { base: "coldstart-test-base:debian", packages: [tree] }
`

// TestImage builds images as the stacks declare them, on a real Docker daemon, and works in
// them. Pulumi's Docker plugin can't be built from Go modules, so the test itself builds what
// the plugin would be told to build.
func TestImage(t *testing.T) {
	begin(t)
	d := newDocker(t)
	d.base("coldstart-test-base:debian")
	site := newPulumiSite(t)
	dir := t.TempDir()
	file := filepath.Join(dir, organization.File)
	must(t, os.WriteFile(file, []byte(withImages), 0o600))
	org, err := organization.Load(file)
	must(t, err)
	stacks := map[string]map[string]any{}
	names := map[string]string{}
	for _, stack := range []string{"master", "shop", "lab"} {
		result := pulumitest.Run{Stack: stack, Answers: map[string]pulumitest.Answer{
			pulumitest.ReadStackOutputs:  pulumitest.Stacks(stacks),
			pulumitest.GetCallerIdentity: pulumitest.Caller(pulumitest.MasterID),
			pulumitest.GetOrganization:   pulumitest.NoOrganization,
			pulumitest.GetKey:            pulumitest.NoKey,
			pulumitest.GetZone:           pulumitest.NoZone,
		}}.Do(t, program.For(org, program.Settings{Dir: dir}))
		must(t, result.Err)
		stacks[stack] = result.Exports
		image := result.Resource(t, pulumitest.DockerImage, "image")
		names[stack] = image.At("imageName").(string)
		d.build(dir, image.Inputs, site)
	}
	out := d.ok("run", "--rm", "--network=none", names["shop"], "toolbox", "test")
	contains(t, out, "The toolbox of q-shop is whole")
	contains(t, d.ok("run", "--rm", "--network=none", names["lab"], "toolbox", "test"), "The toolbox of q-lab is whole")
	if user := strings.TrimSpace(d.ok("run", "--rm", "--network=none", names["shop"], "id", "-un")); user != "toolbox" {
		t.Errorf("the image runs as %s", user)
	}
	facts := d.ok("run", "--rm", "--network=none", names["lab"], "toolbox", "facts")
	contains(t, facts, "ACCOUNT=lab\n", "AWS_ACCOUNT_ID="+pulumitest.AccountID("lab")+"\n", "ACCOUNT_NETWORK_CIDR=''\n", "DEFAULT_PROFILE=q-lab-admin\n")
	contains(t, d.ok("run", "--rm", "--network=none", names["shop"], "bash", "--login", "-i", "-c", "true"), "Q SHOP", "The AWS account shop of q.example.org", "toolbox whoami")
	// The base image's own files set another prompt, for a login shell and for any other shell.
	for _, shell := range [][]string{{"bash", "--login", "-i"}, {"bash", "-i"}} {
		args := slices.Concat([]string{"run", "--rm", "--network=none", names["shop"]}, shell, []string{"-c", `echo "the prompt is ${PS1@P}"`})
		contains(t, d.ok(args...), "the prompt is \x01\x1b[1m\x02q-shop")
	}
	d.ok("run", "--rm", "--network=none", names["shop"], "tree", "--version")
	d.broken(names["lab"])
	d.loggedIn(t, names["master"])
}

// broken checks that the test in an image fails if the image is broken.
func (d *docker) broken(image string) {
	d.t.Helper()
	out, err := d.run("run", "--rm", "--network=none", "--env", "STATE_BUCKET=", "--user", "root", image, "toolbox", "test")
	if err == nil {
		d.t.Error("an image without a fact passes its test")
	}
	contains(d.t, out, "FAILED: STATE_BUCKET is empty", "FAILED: runs as root")
}

// loggedIn runs `toolbox whoami` against an emulator: without credentials, with credentials of
// another account, and with the account's profile.
func (d *docker) loggedIn(t *testing.T, image string) {
	w := newWorld(t, withImages)
	endpoint := "AWS_ENDPOINT_URL=" + w.emulator.Endpoint()
	out, err := d.run("run", "--rm", "--network=host", "--env", endpoint, "--env", "AWS_EC2_METADATA_DISABLED=true", image, "toolbox", "whoami")
	if err == nil {
		t.Error("whoami knows somebody who isn't logged in")
	}
	contains(t, out, "You aren't logged in", "toolbox banner")
	out, err = d.run("run", "--rm", "--network=host", "--env", endpoint, "--env", "AWS_ACCESS_KEY_ID=test", "--env", "AWS_SECRET_ACCESS_KEY=test", image, "toolbox", "whoami")
	if err == nil {
		t.Error("whoami takes another account for this one")
	}
	contains(t, out, "That is account 123456789012. This is the toolbox of master, "+pulumitest.MasterID)
	config := filepath.Join(t.TempDir(), "config")
	must(t, os.WriteFile(config, []byte("[profile q-master-admin]\naws_access_key_id = test\naws_secret_access_key = test\n"), 0o644))
	must(t, os.Chmod(filepath.Dir(config), 0o755))
	out = d.ok("run", "--rm", "--network=host", "--env", endpoint, "--env", "AWS_ACCOUNT_ID=123456789012",
		"--volume", config+":/home/toolbox/.aws/config:ro", image, "toolbox", "whoami")
	contains(t, out, "arn:aws:")
}

// docker runs the machine's Docker CLI.
type docker struct {
	t *testing.T
}

// newDocker skips the test, and says so, if no Docker daemon answers.
func newDocker(t *testing.T) *docker {
	t.Helper()
	if out, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: images, since no Docker daemon answers here (.ci/docker starts one): %v\n%s", err, out)
	}
	return &docker{t}
}

func (d *docker) run(args ...string) (string, error) {
	d.t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	d.t.Logf("$ docker %s\n%s", strings.Join(args, " "), out)
	return string(out), err
}

func (d *docker) ok(args ...string) string {
	d.t.Helper()
	out, err := d.run(args...)
	if err != nil {
		d.t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// base creates a base image with the Debian release of the default base image. If no registry
// can be reached, it installs the release from Debian's packages.
func (d *docker) base(name string) {
	d.t.Helper()
	if exec.Command("docker", "image", "inspect", name).Run() == nil {
		return
	}
	if exec.Command("docker", "pull", "--quiet", "debian:trixie-slim").Run() == nil {
		d.ok("tag", "debian:trixie-slim", name)
		return
	}
	root := filepath.Join(d.t.TempDir(), "root")
	if out, err := exec.Command("debootstrap", "--variant=minbase", "trixie", root).CombinedOutput(); err != nil {
		d.t.Skipf("NOT TESTED: images, since debian:trixie-slim can neither be pulled nor made here: %v\n%s", err, tailOf(out))
	}
	archive := exec.Command("tar", "--directory", root, "--exclude=./dev", "--exclude=./proc", "--exclude=./sys", "--create", ".")
	load := exec.Command("docker", "import", "-", name)
	var err error
	load.Stdin, err = archive.StdoutPipe()
	must(d.t, err)
	must(d.t, archive.Start())
	out, err := load.CombinedOutput()
	if err != nil {
		d.t.Fatalf("docker import: %v\n%s", err, out)
	}
	must(d.t, archive.Wait())
}

// tailOf returns the last lines of a program's output.
func tailOf(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(len(lines)-5, 0):], "\n")
}

// build builds what the Docker plugin would build for a resource with these inputs, with Pulumi
// from site. It builds twice, and both builds have to make the same image.
func (d *docker) build(dir string, inputs map[string]any, site pulumiSite) {
	d.t.Helper()
	build := inputs["build"].(map[string]any)
	name := inputs["imageName"].(string)
	args := []string{
		"build", "--network=host", "--quiet", "--tag", name, "--build-arg", "PULUMI_SITE=" + site.url,
		"--build-arg", "PULUMI_SHA256_X64=" + site.sum, "--build-arg", "PULUMI_SHA256_ARM64=" + site.sum,
		"--file", filepath.Join(dir, build["dockerfile"].(string)),
	}
	for key, value := range build["args"].(map[string]any) {
		args = append(args, "--build-arg", fmt.Sprintf("%s=%s", key, value))
	}
	args = append(args, filepath.Join(dir, build["context"].(string)))
	d.ok(args...)
	first := d.ok("image", "inspect", "--format", "{{.Id}}", name)
	d.ok(args...)
	if second := d.ok("image", "inspect", "--format", "{{.Id}}", name); second != first {
		d.t.Errorf("%s was built twice: %s, %s", name, first, second)
	}
	d.t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", name).Run() })
}

// pulumiSite is the site from which Pulumi is downloaded, and the SHA-256 of the archive.
type pulumiSite struct{ url, sum string }

// newPulumiSite starts a server that serves the toolchain's Pulumi CLI like Pulumi's download
// site.
func newPulumiSite(t *testing.T) pulumiSite {
	t.Helper()
	var archive bytes.Buffer
	must(t, archivePulumi(&archive))
	path := regexp.MustCompile(`^/releases/sdk/pulumi-v[0-9.]+-linux-(x64|arm64)\.tar\.gz$`)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !path.MatchString(r.URL.Path) {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(archive.Bytes())
	}))
	t.Cleanup(site.Close)
	sum := sha256.Sum256(archive.Bytes())
	return pulumiSite{site.URL, hex.EncodeToString(sum[:])}
}

// archivePulumi writes an archive with the programs that Pulumi's archive has and images need.
func archivePulumi(to io.Writer) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("this machine's Pulumi is for %s, and the image's is for linux", runtime.GOOS)
	}
	compressed := gzip.NewWriter(to)
	archive := tar.NewWriter(compressed)
	for _, program := range []string{"pulumi", "pulumi-language-go"} {
		file, err := exec.LookPath(program)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Name: "pulumi/" + program, Mode: 0o755, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}
