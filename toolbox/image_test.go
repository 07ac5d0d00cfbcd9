package toolbox_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/toolbox"
)

// declare declares an image in a folder.
func declare(t *testing.T, preview bool, change func(*toolbox.ImageArgs)) *pulumitest.Result {
	t.Helper()
	args := &toolbox.ImageArgs{
		Name: pulumi.String("prod.acme.example"), Base: "debian:trixie-slim", Platform: "linux/amd64", Dir: t.TempDir(),
		Facts: map[string]pulumi.StringInput{"ACCOUNT": pulumi.String("prod")},
	}
	if change != nil {
		change(args)
	}
	result := pulumitest.Run{Preview: preview}.Do(t, func(ctx *pulumi.Context) error {
		image, err := toolbox.NewImage(ctx, "image", args)
		if err != nil {
			return err
		}
		ctx.Export("ref", image.Ref)
		return nil
	})
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	return result
}

var contextPath = regexp.MustCompile(`^\.coldstart/toolbox/[0-9a-f]{12}$`)

func TestImage(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := declare(t, preview, nil)
		image := result.Resource(t, pulumitest.DockerImage, "image")
		path, _ := image.At("build", "context").(string)
		want := map[string]any{
			"imageName": image.At("imageName"), "skipPush": true, "buildOnPreview": false,
			"build": map[string]any{
				"context": path, "dockerfile": path + "/Dockerfile", "platform": "linux/amd64",
				"args": map[string]any{"BASE": "debian:trixie-slim", "PACKAGES": "", "PULUMI_VERSION": "3.259.0", "ACCOUNT": "prod"},
			},
		}
		if diff := cmp.Diff(want, image.Inputs); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if !image.RetainOnDelete {
			t.Error("Pulumi says that it deletes an image, which the plugin leaves where it is")
		}
		if !contextPath.MatchString(path) {
			t.Errorf("the context is %s", path)
		}
		if name, tag, _ := strings.Cut(image.At("imageName").(string), ":"); name != "prod.acme.example" || len(tag) != 12 {
			t.Errorf("the image is %v", image.At("imageName"))
		}
	})
}

// TestTag names images after what is in them, unless a tag is given.
func TestTag(t *testing.T) {
	t.Parallel()
	var names []any
	for _, change := range []func(*toolbox.ImageArgs){
		nil,
		func(a *toolbox.ImageArgs) { a.Base = "debian:forky-slim" },
		func(a *toolbox.ImageArgs) { a.Packages = []string{"vim"} },
		func(a *toolbox.ImageArgs) { a.Facts["ACCOUNT"] = pulumi.String("dev") },
		func(a *toolbox.ImageArgs) { a.Platform = "linux/arm64" },
		func(a *toolbox.ImageArgs) { a.Tag = "v1" },
	} {
		name := declare(t, false, change).Resource(t, pulumitest.DockerImage, "image").At("imageName")
		if slices.Contains(names, name) {
			t.Errorf("two images are %v", name)
		}
		names = append(names, name)
	}
	if names[5] != "prod.acme.example:v1" {
		t.Errorf("the image with a tag is %v", names[5])
	}
	// How it is pushed isn't in the image.
	pushed := declare(t, false, func(a *toolbox.ImageArgs) { a.Push = true }).Resource(t, pulumitest.DockerImage, "image")
	if pushed.At("imageName") != names[0] || pushed.At("skipPush") != false || pushed.At("registry") != nil {
		t.Errorf("pushed is %+v", pushed)
	}
}
