package program_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// TestFacts are there for each account's own programs, of that account, and
// without secrets.
func TestFacts(t *testing.T) {
	t.Parallel()
	results := nothing().up(t, shipped(t), named(t, shipped(t), "master", "prod"))
	for stack, id := range map[string]string{"master": pulumitest.MasterID, "prod": pulumitest.AccountID("prod")} {
		object := results[stack].Resource(t, pulumitest.BucketObject, "facts")
		if object.At("bucket") != "acme-"+stack+"-state-"+id || object.At("key") != ".pulumi/stacks/coldstart-account/"+stack+".json" {
			t.Errorf("%s: facts are in %v", stack, object.Inputs)
		}
		content := object.At("content").(string)
		for _, want := range []string{`"accountId":"` + id + `"`, `"zoneName":"` + stack + `.acme.example"`, `"zoneId":"ZZONE"`, `"account":"` + stack + `"`} {
			if !strings.Contains(content, want) {
				t.Errorf("%s: %s isn't in %s", stack, want, content)
			}
		}
		for _, first := range []string{pulumitest.BucketEncryption, pulumitest.BucketVersioning} {
			if !object.Waits(results[stack].Resource(t, first, "state")) {
				t.Errorf("%s: facts don't wait for %s", stack, first)
			}
		}
	}
}

// TestImage checks what each account's image is built from, and that nothing in it
// is unknown or another account's.
func TestImage(t *testing.T) {
	t.Parallel()
	org := fewer(t, images(organization.Image{Registry: "ghcr.io/acme", Push: true, Packages: []string{"vim", "g++"}}))
	results := nothing().up(t, org, named(t, org, "master", "prod"))
	prod := results["prod"].Resource(t, pulumitest.DockerImage, "image")
	id := pulumitest.AccountID("prod")
	key := func(name string) string {
		return "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-0000-0000-" + pulumitest.AccountID(name)
	}
	want := map[string]any{
		"BASE": "debian:trixie-slim", "PACKAGES": "g++ vim", "PULUMI_VERSION": "3.259.0",
		"NAMESPACE": "acme", "ACCOUNT": "prod", "DOMAIN": "acme.example", "BANNER": "ACME PROD",
		"MOTD":       "The AWS account prod of acme.example (" + id + "), in us-west-2.",
		"AWS_REGION": "us-west-2", "DEFAULT_PROFILE": "acme-prod-admin", "AWS_ACCOUNT_ID": id, "AWS_MASTER_ACCOUNT_ID": pulumitest.MasterID,
		"SIGN_IN_URL": "https://acme-prod.signin.aws.amazon.com/console", "ORG_NETWORK_CIDR": "10.0.0.0/8", "ACCOUNT_NETWORK_CIDR": "10.103.0.0/16",
		"STATE_BUCKET": "acme-prod-state-" + id, "PULUMI_BACKEND_URL": "s3://acme-prod-state-" + id + "?region=us-west-2&awssdk=v2",
		"SECRETS_PROVIDER": "awskms:///" + key("state") + "?region=us-west-2", "SECRETS_KEY_ARN": key("secrets"),
	}
	if diff := cmp.Diff(want, prod.At("build", "args")); diff != "" {
		t.Errorf("prod's facts (-want +got)\n%s", diff)
	}
	if got := results["master"].Resource(t, pulumitest.DockerImage, "image").At("build", "args", "ACCOUNT_NETWORK_CIDR"); got != "" {
		t.Errorf("master has no network, and its image has %v", got)
	}
	name, tag, _ := strings.Cut(prod.At("imageName").(string), ":")
	if name != "ghcr.io/acme/prod.acme.example" || len(tag) != 12 || results["prod"].Exports["image"] != prod.At("imageName") {
		t.Errorf("prod's image is %v, and exported %v", prod.At("imageName"), results["prod"].Exports["image"])
	}
	if prod.At("skipPush") != false || prod.At("registry") != nil || prod.Provider != "docker" {
		t.Errorf("prod's image is %+v", prod)
	}
	// What isn't in an image doesn't name another.
	again := nothing().up(t, fewer(t, images(organization.Image{Registry: "ghcr.io/acme", Packages: []string{"g++", "vim"}})), named(t, org, "master", "prod"))
	if got := again["prod"].Resource(t, pulumitest.DockerImage, "image").At("imageName"); got != prod.At("imageName") {
		t.Errorf("the same image is %v and %v", prod.At("imageName"), got)
	}
	other := nothing().up(t, fewer(t, images(organization.Image{Registry: "ghcr.io/acme", Packages: []string{"g++"}})), named(t, org, "master", "prod"))
	if got := other["prod"].Resource(t, pulumitest.DockerImage, "image").At("imageName"); got == prod.At("imageName") {
		t.Errorf("images with other packages are both %v", got)
	}
}

// TestImageInECR has a repository of the account's own, and no login: a token of
// Amazon's would be in the state, where whoever may decrypt the state reads it. The
// program isn't even told one, since a call that has no answer here fails.
func TestImageInECR(t *testing.T) {
	t.Parallel()
	org := fewer(t, images(organization.Image{Registry: organization.RegistryECR, Push: true}))
	results := nothing().up(t, org, named(t, org, "master", "prod"))
	result, id := results["prod"], pulumitest.AccountID("prod")
	checkResources(t, org, "prod", result)
	repository := result.Resource(t, pulumitest.ImageRepository, "images")
	if repository.At("imageTagMutability") != "IMMUTABLE" || repository.At("imageScanningConfiguration", "scanOnPush") != true || repository.At("name") != "prod.acme.example" {
		t.Errorf("the repository is %v", repository.Inputs)
	}
	result.Resource(t, pulumitest.ImageLifecycle, "images")
	image := result.Resource(t, pulumitest.DockerImage, "image")
	url := id + ".dkr.ecr.us-west-2.amazonaws.com/prod.acme.example"
	if name := image.At("imageName").(string); !strings.HasPrefix(name, url+":") || image.At("skipPush") != false {
		t.Errorf("the image is %s, not pushed: %v", name, image.At("skipPush"))
	}
	if image.At("registry") != nil || len(image.Secrets) != 0 {
		t.Errorf("the image has the login %v and the secrets %v", image.At("registry"), image.Secrets)
	}
}

// TestImagesOnEmulator: an emulator's registry takes no images, but there can be a
// repository. Other images are built if that is asked for.
func TestImagesOnEmulator(t *testing.T) {
	t.Parallel()
	for registry, c := range map[string]struct {
		images bool
		want   int
	}{organization.RegistryECR: {true, 0}, "ghcr.io/acme": {true, 1}, "ghcr.io/other": {false, 0}} {
		org := fewer(t, images(organization.Image{Registry: registry, Push: true}))
		settings := program.Settings{Emulator: "http://127.0.0.1:1", Dir: t.TempDir(), Images: c.images}
		result := pulumitest.Run{Stack: "master", Answers: nothing().answers()}.Do(t, program.For(org, settings))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		built, providers := len(result.OfType(pulumitest.DockerImage)), len(result.OfType(pulumitest.DockerProvider))
		if built != c.want || providers != c.want || (result.Exports["image"] != nil) != (c.want > 0) {
			t.Errorf("%s: %d images, %d providers, %v", registry, built, providers, result.Exports["image"])
		}
		if repositories := len(result.OfType(pulumitest.ImageRepository)); (repositories > 0) != (registry == organization.RegistryECR) {
			t.Errorf("%s: %d repositories", registry, repositories)
		}
	}
}

// TestImageComesLast builds an image when everything else of its stack exists: an image
// that can't be built stops nothing else. What other stacks read is handed over before.
func TestImageComesLast(t *testing.T) {
	t.Parallel()
	live := stackref.NewLive()
	org := fewer(t, images(organization.Image{}))
	var mu sync.Mutex
	var registered []string
	result := pulumitest.Run{
		Stack: organization.Master, Answers: nothing().answers(),
		OnRegister: func(r pulumitest.Resource) {
			if r.Type == pulumitest.DockerImage {
				select {
				case <-live.Known(organization.Master):
				case <-time.After(10 * time.Second):
					t.Error("what members read isn't handed over before the image is built")
				}
			} else {
				time.Sleep(time.Millisecond) // The image would overtake something.
			}
			mu.Lock()
			defer mu.Unlock()
			registered = append(registered, r.Type+" "+r.Name)
		},
	}.Do(t, program.For(org, program.Unpaced(program.Settings{Dir: t.TempDir(), Live: live})))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	if last := registered[len(registered)-1]; last != pulumitest.DockerImage+" image" {
		t.Errorf("the image was built before %s", last)
	}
	if handed := live.Outputs(organization.Master); handed["accountId"] != pulumitest.MasterID || handed["image"] != nil {
		t.Errorf("handed over: account %v, image %v", handed["accountId"], handed["image"])
	}
	if image := result.Resource(t, pulumitest.DockerImage, "image"); result.Exports["image"] != image.At("imageName") || len(image.DependsOn) > 20 {
		t.Errorf("exported %v; the state would name %d resources for the image", result.Exports["image"], len(image.DependsOn))
	}
}

// TestDockerProvider has nothing of the machine that runs, whose address of the daemon
// would be in the state of all others.
func TestDockerProvider(t *testing.T) {
	for name, value := range map[string]string{
		"DOCKER_HOST": "unix:///home/ada/.docker/run/docker.sock", "DOCKER_CERT_PATH": "/home/ada/certs", "DOCKER_CONTEXT": "ada",
	} {
		t.Setenv(name, value)
	}
	org := fewer(t, images(organization.Image{}))
	settings := program.Unpaced(program.Settings{Dir: t.TempDir()})
	result := pulumitest.Run{Stack: organization.Master, Answers: nothing().answers()}.Do(t, program.For(org, settings))
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	if inputs := result.Resource(t, pulumitest.DockerProvider, "docker").Inputs; len(inputs) != 0 {
		t.Errorf("the provider has %v", inputs)
	}
}

// TestImagesWithoutDocker stops before anything is declared, such as an account.
func TestImagesWithoutDocker(t *testing.T) {
	t.Parallel()
	absent := errors.New("no daemon")
	for _, on := range []bool{false, true} {
		org := fewer(t, func(*organization.Organization) {})
		if on {
			images(organization.Image{})(org)
		}
		asked := false
		settings := program.Unpaced(program.Settings{Dir: t.TempDir(), Docker: func(context.Context) error {
			asked = true
			return absent
		}})
		result := pulumitest.Run{Stack: "master", Answers: nothing().answers()}.Do(t, program.For(org, settings))
		if asked != on || errors.Is(result.Err, absent) != on || on && len(result.Resources) != 0 {
			t.Errorf("images %t: asked for Docker %t, %v, %d resources", on, asked, result.Err, len(result.Resources))
		}
	}
}
