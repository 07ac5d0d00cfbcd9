package toolbox

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
)

// ImageType is the component's type token.
const ImageType = "coldstart:toolbox:Image"

// PulumiVersion is that of the Pulumi CLI in images and for accounts' own
// infrastructure: the one of coldstart's own toolchain.
const PulumiVersion = "3.259.0"

// ImageArgs are the arguments of NewImage.
type ImageArgs struct {
	// Name is the image's, with the registry and without a tag.
	Name pulumi.StringInput `required:"true"`
	// Tag is the image's tag; empty for one that comes from what is in the image.
	Tag string
	// Base is what the image is built from, Packages what Debian packages it has
	// besides those that every image has.
	Base     string `required:"true"`
	Packages []string
	// Platform is what the image is built for, such as linux/arm64; empty for linux/amd64.
	Platform string
	// Facts are the account's, by the names of their variables in the image.
	Facts map[string]pulumi.StringInput
	// Push pushes the image, with the login that Docker has for its registry. A
	// password isn't among the arguments, because Pulumi would keep the password in
	// the stack's state, for everybody who may decrypt that.
	Push bool
	// Dir is the folder that the engine runs in.
	Dir string
}

// Image is an account's toolbox.
type Image struct {
	pulumi.ResourceState

	// Ref is the image's name with its tag.
	Ref pulumi.StringOutput
}

// NewImage declares an account's image. It is built again when something in it
// changes: the Dockerfile, the base image's name, the platform, the packages or the facts.
// Pulumi's Docker plugin deletes no image, neither from a daemon nor from a registry, and
// RetainOnDelete says so.
func NewImage(ctx *pulumi.Context, name string, args *ImageArgs, opts ...pulumi.ResourceOption) (*Image, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	with := *args
	with.Platform = cmp.Or(with.Platform, "linux/amd64")
	args = &with
	i := &Image{}
	if err := ctx.RegisterComponentResource(ImageType, name, i, opts...); err != nil {
		return nil, err
	}
	path, err := writeContext(args.Dir)
	if err != nil {
		return nil, err
	}
	build := buildArgs(args)
	image := &docker.ImageArgs{
		ImageName: ref(args, path, build),
		SkipPush:  pulumi.Bool(!args.Push),
		Build: docker.DockerBuildArgs{
			Platform:   pulumi.String(args.Platform),
			Context:    pulumi.String(path),
			Dockerfile: pulumi.String(path + "/Dockerfile"),
			Args:       build,
		},
	}
	built, err := docker.NewImage(ctx, name, image, pulumi.Parent(i), pulumi.RetainOnDelete(true))
	if err != nil {
		return nil, err
	}
	i.Ref = built.ImageName
	return i, ctx.RegisterResourceOutputs(i, pulumi.Map{"ref": i.Ref})
}

func buildArgs(args *ImageArgs) pulumi.StringMap {
	build := pulumi.StringMap{
		"BASE":           pulumi.String(args.Base),
		"PACKAGES":       pulumi.String(strings.Join(slices.Sorted(slices.Values(args.Packages)), " ")),
		"PULUMI_VERSION": pulumi.String(PulumiVersion),
	}
	for arg, arch := range map[string]string{"PULUMI_SHA256_X64": "x64", "PULUMI_SHA256_ARM64": "arm64"} {
		if sum := Checksum("pulumi-v" + PulumiVersion + "-linux-" + arch + ".tar.gz"); sum != "" {
			build[arg] = pulumi.String(sum)
		}
	}
	maps.Copy(build, args.Facts)
	return build
}

// ref returns the image's name with its tag. The path names the files that the image is
// built from by their content.
func ref(args *ImageArgs, path string, build pulumi.StringMap) pulumi.StringOutput {
	if args.Tag != "" {
		return pulumi.Sprintf("%s:%s", args.Name, args.Tag)
	}
	tag := build.ToStringMapOutput().ApplyT(func(build map[string]string) string {
		content := map[string]string{"": path, "platform": args.Platform} // No build argument is in lower case.
		maps.Copy(content, build)
		return digest(content)
	}).(pulumi.StringOutput)
	return pulumi.Sprintf("%s:%s", args.Name, tag)
}
